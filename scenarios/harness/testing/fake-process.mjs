/**
 * A process that speaks the control protocol without moving a message: stands in for a server or the load generator
 * where a test is about the harness alone. `node fake-process.mjs <role> <arm> <json options>`.
 *
 * Options: `rate` (operations/s a generator reports, by group prefix), `silent` (no hello), `control` (version in the
 * hello), `garbage` (a line that is not JSON instead of the hello), `deaf` (ignores SIGTERM, the end of its input and
 * every command), `failRun` (error code for `run`), `failOn` (command at which the process ends), `slow` (windows
 * take their real time), `steps` (split answers into single bytes), `lose` (messages the ledger lacks, of all arms or by arm),
 * `stall` (arms whose windows end for want of replies), `inTime` (sessions that get their frames on time, by arm),
 * `failGroup` (arm whose windows fail), `scrapeStatus` (what the admin endpoint answers to scrapes).
 */
import { createServer } from 'node:http';

const [, , role, arm, optionsText = '{}'] = process.argv;
const options = JSON.parse(optionsText);
const groups = new Map();
let messages = 0;
let clockNs = Number(process.hrtime.bigint());

if (options.deaf) process.on('SIGTERM', () => {});
if (options.deaf) setInterval(() => {}, 1000);

function send(message) {
  const line = `${JSON.stringify(message)}\n`;
  if (!options.steps) process.stdout.write(line);
  else for (const byte of Buffer.from(line)) process.stdout.write(Buffer.of(byte));
}

function rateOf(group) {
  return options.rate?.[group.split('@')[0]] ?? 10_000;
}

/** Frames of a tick window: all on time up to as many sessions as the arm is told to serve. */
function framesOf(state) {
  const inTime = options.inTime?.[state.arm];
  if (inTime === undefined) return {};
  const frames = state.sessions * 60;
  return { framesDue: frames, framesOnTime: state.sessions <= inTime ? frames : Math.floor(frames * 0.99) };
}

function window({ group, discardNs, measureNs, measureAtNs = 0 }) {
  const operations = Math.round((rateOf(group) * measureNs) / 1e9);
  // Its own clock is as fast as windows are asked for; an appointment is with others.
  const beganNs = measureAtNs === 0 ? clockNs : Number(process.hrtime.bigint());
  const readyNs = beganNs + discardNs;
  const startNs = Math.max(readyNs, measureAtNs);
  clockNs = startNs + measureNs;
  const state = groups.get(group);
  state.sent += operations;
  state.measured += operations;
  return {
    group,
    startNs,
    endNs: clockNs,
    ...(measureAtNs === 0 ? {} : { readyNs }),
    operations,
    bytes: operations * 64,
    serverCpuNs: operations * 5_000,
    generatorCpuNs: measureNs * (options.generatorShare ?? 0.5),
    ...framesOf(state),
    latencyNs: { samples: operations, mean: 100_000, p50: 90_000, p99: 300_000, max: 400_000 },
  };
}

const commands = {
  listen: ({ handler }) => ({ url: `tcp://127.0.0.1:1/${handler}` }),
  counters: () => {
    messages += 100;
    return { counters: { messages_received: messages, syscalls: messages / 20 } };
  },
  settle: () => ({}),
  admin: async () => {
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/metrics' ? (options.scrapeStatus ?? 200) : 200).end('up 1\n');
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${server.address().port}` };
  },
  connect: ({ group, sessions }) => {
    groups.set(group, { sent: 0, measured: 0, sessions, arm: group.split('@')[0] });
    return { sessions, connectNs: 1 };
  },
  run: async ({ windows }) => {
    if (windows.some(({ group }) => group.split('@')[0] === options.failGroup)) throw new Error('as told');
    const stalled = windows.find(({ group }) => options.stall?.includes(group.split('@')[0]));
    if (stalled !== undefined) {
      throw Object.assign(new Error('as told'), {
        code: 'ERR_GENERATOR_REPLY_TIMEOUT',
        group: stalled.group,
      });
    }
    if (options.failRun) throw Object.assign(new Error('as told'), { code: options.failRun });
    const busyMs = windows.reduce((sum, each) => sum + each.discardNs + each.measureNs, 0) / 1e6;
    if (options.slow) await new Promise((resolve) => setTimeout(resolve, busyMs));
    return { windows: windows.map(window) };
  },
  histogram: ({ group }) => {
    const state = groups.get(group);
    const count = state.measured;
    state.measured = 0;
    const serviceTimeNs = [
      [90_000, count - Math.floor(count / 50)],
      [300_000, Math.floor(count / 50)],
    ];
    return { serviceTimeNs, responseTimeNs: null };
  },
  ledger: ({ group }) => {
    const { sent, sessions, arm: of } = groups.get(group);
    const lost = (typeof options.lose === 'object' ? options.lose[of] : options.lose) ?? 0;
    const none = { droppedCounted: 0, unacknowledgedAtClose: 0, duplicated: 0, reordered: 0, corrupted: 0 };
    return {
      ledger: { sent: sent + lost, delivered: sent, lost, ...none },
      sentPerSessionMin: Math.floor(sent / sessions),
    };
  },
  disconnect: () => ({}),
  close: () => ({}),
};

async function answer(line) {
  const { id, command, ...fields } = JSON.parse(line);
  if (options.deaf) return;
  if (command === options.failOn) process.exit(3);
  try {
    send({ id, ok: true, ...(await commands[command](fields)) });
  } catch (error) {
    send({
      id,
      ok: false,
      error: { code: error.code ?? 'ERR_FAKE', message: error.message, group: error.group },
    });
  }
  if (command === 'close') process.exit(0);
}

if (options.garbage) process.stdout.write('not JSON\n');
else if (!options.silent) {
  send({ hello: { control: options.control ?? 1, role, arm, pid: process.pid, version: 'fake' } });
}
if (options.complain) process.stderr.write(`${options.complain}\n`);

let buffered = '';
let queue = Promise.resolve();
process.stdin.on('data', (chunk) => {
  buffered += chunk;
  const lines = buffered.split('\n');
  buffered = lines.pop();
  for (const line of lines) queue = queue.then(() => answer(line));
});
process.stdin.on('end', () => {
  if (!options.deaf) process.exit(0);
});
