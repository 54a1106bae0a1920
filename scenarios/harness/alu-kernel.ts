/**
 * A fixed integer loop, timed again and again; started pinned to one processor. Prints the times in nanoseconds as
 * JSON. The loop is made long enough for 4 ms once, on the fastest of some tries, and then stays the same.
 */
const TARGET_NS = 4e6;
const [, , repetitionsText] = process.argv;

function kernel(iterations: number): number {
  let state = 0x9e3779b9;
  for (let index = 0; index < iterations; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state;
}

let sink = 0;
function timed(iterations: number): number {
  const start = process.hrtime.bigint();
  sink ^= kernel(iterations);
  return Number(process.hrtime.bigint() - start);
}

const PROBE_ITERATIONS = 500_000;
// The first calls run before the compiler has finished with the loop.
const probes = Array.from({ length: 8 }, () => timed(PROBE_ITERATIONS));
const iterations = Math.max(1, Math.round((PROBE_ITERATIONS * TARGET_NS) / Math.min(...probes)));
const timesNs = Array.from({ length: Number(repetitionsText) }, () => timed(iterations));
// Printing the sink keeps the loop from being removed.
process.stdout.write(`${JSON.stringify({ timesNs, sink })}\n`);
