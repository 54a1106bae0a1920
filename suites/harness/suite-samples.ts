import type { ArmErrorRecord, BlockRecord, WindowRecord } from '../../scenarios/harness/record.js';
import type { SuiteCase } from './suite.js';
import type { Pace, SampledWindow } from './window.js';

/** What was measured, as it came in; `suite-record.ts` makes metrics of it. */

export interface ArmWindow extends SampledWindow {
  /** Its block was dropped: drawn, but not counted. */
  dropped: boolean;
}

export interface ArmRound {
  round: number;
  /** Its place in the order in which the round's arms were made. */
  order: number;
  windows: ArmWindow[];
}

export class ArmSamples {
  readonly rounds: ArmRound[] = [];
  readonly errors: ArmErrorRecord[] = [];
  /** Wrong results of runs that are not measured: they are as wrong. */
  unmeasuredFaults = 0;
  /** Decided in the first round and kept, so that rounds are alike. */
  pace: Pace | undefined;
}

export class CaseSamples {
  readonly body: SuiteCase;
  readonly arms = new Map<string, ArmSamples>();
  /** Arms that cannot run here, with the reason. */
  readonly absentArms: Record<string, string> = {};
  readonly windows: WindowRecord[] = [];
  readonly blocks: BlockRecord[] = [];

  constructor(body: SuiteCase) {
    this.body = body;
  }

  arm(name: string): ArmSamples {
    const known = this.arms.get(name);
    if (known !== undefined) return known;
    const fresh = new ArmSamples();
    this.arms.set(name, fresh);
    return fresh;
  }
}
