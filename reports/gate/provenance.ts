import type { GateVerdictFile } from '../../ci/gate/verdict/gate-verdict.js';
import { NOT_AVAILABLE, percent } from '../numbers/digits.js';
import { durationText, utcMinute } from '../numbers/moment.js';
import type { Section } from '../view-model/section-view.js';
import { type TableView, tableView } from '../view-model/table-view.js';
import type { MeasuredGate } from './measured-gate.js';

function facts(caption: string, entries: [string, string][]): TableView {
  return tableView({ caption, columns: ['Fact', '~Value'], rows: entries });
}

function commitText({ commit, dirty }: { commit: string | null; dirty: boolean }): string {
  return `${commit ?? `${NOT_AVAILABLE}, outside a git checkout`}, ${dirty ? 'with changes' : 'clean'}`;
}

/** On what, from which commits, with which seed. */
export function provenanceSection(file: GateVerdictFile, measured: MeasuredGate | null): Section {
  const { machine, base, candidate, seed, startedAt } = file;
  const last = measured?.invocations.at(-1)?.line.startedAt;
  const took = last === undefined ? '' : `, its last invocation ${durationText(startedAt, last)} later`;
  return {
    title: 'Machine and provenance',
    sentence: `Begun on ${utcMinute(startedAt)}${took}, on ${machine.cpuModel} with ${machine.cores} ${machine.cores === 1 ? 'core' : 'cores'}, Node ${machine.node.replace(/^v/, '')}.`,
    tablesLayout: 'multiples',
    tables: [
      facts('Machine', [
        ['Processor', machine.cpuModel],
        ['Cores', String(machine.cores)],
        ['Kernel', machine.kernel],
        ['Node', machine.node],
        ['Noise of a fixed loop', percent(machine.aluNoisePercent)],
        ['Fingerprint', machine.fingerprint],
      ]),
      facts('Builds', [
        ['Candidate', commitText(candidate)],
        ['Base', commitText(base)],
        ['Why this base', base.why],
        ['Toolchain', measured?.header.toolchain?.trim() ?? `${NOT_AVAILABLE}: not in the raw lines`],
      ]),
      facts('Gate', [
        ['Seed', String(seed)],
        ['Started', startedAt],
        ['Invocations', `${file.invocations.used} used of ${file.invocations.measured}`],
        ['Blocks in each', measured === null ? NOT_AVAILABLE : String(measured.header.blocks)],
        ['Exit code', String(file.exitCode)],
        ['Format', file.schema],
      ]),
    ],
  };
}
