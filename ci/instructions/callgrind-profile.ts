import { InstructionError } from './instruction-error.js';

/**
 * The total of a profile as `callgrind` writes it (valgrind's manual, "Callgrind Format Specification"):
 *
 *     events: Ir                 names of the columns; Ir are instructions executed ("instruction reads")
 *     summary: 123456            what was collected, a number for each event; absent in some versions
 *     …                          costs by function and line
 *     totals: 123456             their sum
 *
 * A profile of several parts (threads, dumps between) is refused: its first total would be that of a part.
 */

/** Pure. `name` stands for the profile in what is thrown: `ERR_INSTRUCTIONS_PROFILE`. */
export function instructionsOf(profile: string, name: string): number {
  const refuse = (why: string): InstructionError =>
    new InstructionError('ERR_INSTRUCTIONS_PROFILE', `${name} is no profile that can be believed: it ${why}`);
  const valuesOf = (key: string): string[][] =>
    [...profile.matchAll(new RegExp(`^${key}:[ \\t]*(.*)$`, 'gm'))].map((match) =>
      match[1].trim().split(/\s+/),
    );
  const events = valuesOf('events');
  if (events.length === 0) throw refuse('has no line "events:"; callgrind did not end in order');
  if (events.length > 1 || valuesOf('part').length > 1) {
    throw refuse('has several parts, and the counted program is one thread without dumps between');
  }
  const column = events[0].indexOf('Ir');
  if (column < 0) throw refuse(`counts ${events[0].join(', ')}, and no instructions (Ir)`);
  const totals = valuesOf('totals');
  if (totals.length !== 1) {
    throw refuse(`has ${totals.length} lines "totals:" instead of one; it may be cut off`);
  }
  const [total, ...sums] = [...totals, ...valuesOf('summary')].map((values) => countIn(values, column));
  if (!Number.isSafeInteger(total)) {
    throw refuse(`says "totals: ${totals[0].join(' ')}", which holds no number of instructions`);
  }
  const other = sums.find((sum) => sum !== total);
  if (other !== undefined) throw refuse(`has the total ${total} and the summary ${other}`);
  if (total === 0) {
    throw refuse('counts no instruction: callgrind did not meet the function msgtrans_counted');
  }
  return total;
}

/** NaN for what is no count. Zeros at the end of a line are left out by callgrind. */
function countIn(values: readonly string[], column: number): number {
  if (values[0] === '') return Number.NaN;
  const text = values.at(column) ?? '0';
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
