/**
 * A process of threads without threads: answers `prepare` and `run` with rates that follow a law it is given, on a
 * machine whose speed swings. `node fake-threads.mjs <json options>`.
 *
 * Options: `laws` ({arm: {rate, sigma, kappa}}), `aluLoss` (share of their speed that processors lose with each
 * doubling of busy ones), `drift` (share by which the machine gets faster with each window), `absent` (an arm that is
 * not built in), `failOn` (command at which the process ends), `corrupt` (wrong results of each window),
 * `stumbleAt` (which `run` has several threads do a tenth).
 */
const options = { laws: {}, aluLoss: 0, drift: 0, corrupt: 0, ...JSON.parse(process.argv[2] ?? '{}') };
let clockNs = 1e9;
let machine = 1;
let runs = -1;

function growth({ sigma, kappa }, n) {
  return n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
}

function window({ arm, threads, discardNs, measureNs }) {
  const law = arm === 'alu' ? { rate: 1e6, sigma: 0, kappa: 0 } : options.laws[arm];
  machine *= 1 + options.drift;
  const stumble = runs === options.stumbleAt && threads > 1 && arm !== 'alu' ? 0.1 : 1;
  const processors = stumble * machine * (1 - options.aluLoss) ** Math.log2(threads);
  const rate = law.rate * growth(law, threads) * processors;
  const operations = (rate * measureNs) / 1e9;
  const startNs = clockNs + discardNs;
  clockNs = startNs + measureNs;
  return {
    startNs,
    endNs: clockNs,
    operations,
    cpuNs: threads * measureNs,
    ledger: {
      ...{ sent: operations, delivered: operations, corrupted: options.corrupt },
      ...{ droppedCounted: 0, unacknowledgedAtClose: 0, lost: 0, duplicated: 0, reordered: 0 },
    },
  };
}

const commands = {
  prepare: ({ arms }) => {
    const absentArms = arms.includes(options.absent) ? { [options.absent]: 'not built in' } : {};
    return { absentArms };
  },
  run: ({ windows }) => {
    runs += 1;
    return { windows: windows.map(window) };
  },
  close: () => ({}),
};

function answer(line) {
  const { id, command, ...fields } = JSON.parse(line);
  if (command === options.failOn) process.exit(3);
  process.stdout.write(`${JSON.stringify({ id, ok: true, ...commands[command](fields) })}\n`);
  if (command === 'close') process.exit(0);
}

const hello = { control: 1, role: 'server', arm: 'threads', pid: process.pid, version: 'fake' };
process.stdout.write(`${JSON.stringify({ hello })}\n`);
let buffered = '';
process.stdin.on('data', (chunk) => {
  buffered += chunk;
  const lines = buffered.split('\n');
  buffered = lines.pop();
  for (const line of lines) answer(line);
});
process.stdin.on('end', () => process.exit(0));
