/** What the command `run` asks for (scenarios/harness/CONTROL.md), checked. */
import { badCommand } from '../serve-commands.js';
import { MESSAGE_WORDS_MIN } from './message-words.js';

export interface WindowPlan {
  group: string;
  discardNs: number;
  measureNs: number;
}

export type Load =
  | { mode: 'closed'; depth: number; payloadBytes: number; reply: 'counter' | 'forward' }
  | { mode: 'open'; ratePerSecond: number; payloadBytes: number; reply: 'counter' | 'forward' }
  | { mode: 'stream'; depth: number; payloadBytes: number; touchesAll: boolean }
  | {
      mode: 'paced';
      ratePerSecond: number | null;
      percentOfMax: number;
      payloadBytes: number;
      touchesAll: boolean;
      /** Share of the sessions that are closed and opened anew when the measuring begins. */
      stormPercent: number;
    }
  | { mode: 'tick'; tickHz: number; inputsHz: number; payloadBytes: number };

const PAYLOAD_BYTES_MAX = 1_048_576;
export const DEPTH_MAX = 4_096;

type Fields = Record<string, unknown>;

/** @throws ControlError with everything that is wrong */
export function parseLoad(given: unknown): Load {
  const fields = (typeof given === 'object' && given !== null ? given : {}) as Fields;
  const problems: string[] = [];
  const number = (key: string, min: number, max: number): number => {
    const value = fields[key];
    if (typeof value === 'number' && value >= min && value <= max) return value;
    problems.push(`load.${key} must be a number from ${min} to ${max}`);
    return min;
  };
  const payloadBytes = number('payloadBytes', MESSAGE_WORDS_MIN * 4, PAYLOAD_BYTES_MAX);
  if (payloadBytes % 4 !== 0) problems.push('load.payloadBytes must be whole words of 4 bytes in process');
  const load = byMode(fields, payloadBytes, number, problems);
  if (problems.length > 0 || load === null) throw badCommand(problems.join('; '));
  return load;
}

function byMode(
  fields: Fields,
  payloadBytes: number,
  number: (key: string, min: number, max: number) => number,
  problems: string[],
): Load | null {
  const { mode } = fields;
  const touchesAll = fields.touch === 'all';
  if (mode === 'stream') return { mode, depth: number('depth', 1, DEPTH_MAX), payloadBytes, touchesAll };
  if (mode === 'paced') {
    const ratePerSecond = fields.ratePerSecond === undefined ? null : number('ratePerSecond', 1, 1e9);
    const percentOfMax = ratePerSecond === null ? number('percentOfMax', 1, 100) : 0;
    const stormPercent = fields.stormPercent === undefined ? 0 : number('stormPercent', 1, 100);
    return { mode, ratePerSecond, percentOfMax, payloadBytes, touchesAll, stormPercent };
  }
  if (mode === 'tick') {
    return {
      mode,
      tickHz: number('tickHz', 1, 1_000),
      inputsHz: number('inputsHz', 0.001, 1_000),
      payloadBytes,
    };
  }
  if (mode !== 'closed' && mode !== 'open') {
    problems.push('load.mode must be one of closed, open, stream, paced, tick');
    return null;
  }
  const reply = fields.reply === 'forward' ? 'forward' : 'counter';
  if (fields.reply !== reply) problems.push('load.reply must be counter or forward');
  return mode === 'closed'
    ? { mode, depth: number('depth', 1, DEPTH_MAX), payloadBytes, reply }
    : { mode, ratePerSecond: number('ratePerSecond', 1, 1e9), payloadBytes, reply };
}

/** @throws ControlError with everything that is wrong */
export function parseWindows(given: unknown): WindowPlan[] {
  const isTime = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1e13;
  const windows = Array.isArray(given) ? (given as WindowPlan[]) : [];
  const isWhole = windows.every(
    ({ group, discardNs, measureNs }) => typeof group === 'string' && isTime(discardNs) && isTime(measureNs),
  );
  if (windows.length > 0 && isWhole) return windows;
  throw badCommand('"windows" must be a list of {group, discardNs, measureNs}');
}
