/**
 * Workers that end under live traffic in process, in every way. Prints one value per way. Argument: rounds of each.
 */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { say } from '../faults/program-voice.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Session } from '../transport.js';
import type { DyingPlan } from './dying-worker.js';

const SESSIONS = 4;
const rounds = Number(process.argv[2]);
const WORKER = new URL('./dying-worker.js', import.meta.url);

interface Ending {
  exitCode: number;
  error: string | undefined;
  /** Close codes of the sessions, and how often each session closed. */
  codes: string[];
  closesPerSession: number[];
  torn: number;
}

/** Payload number `index`: its length and bytes follow from it. */
function payloadOf(index: number): Buffer {
  const payload = Buffer.alloc(index % 50 === 0 ? 100_000 : 8 + (index % 900), index & 0xff);
  payload.writeUInt32LE(index, 0);
  return payload;
}

/** Sends until the session ends, and does not wait for anything. */
async function flood(session: Session): Promise<void> {
  for (let i = 0; !session.closed; i += 1) {
    session.send(payloadOf(i));
    if (i % 20 === 19) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Every echo must be whole and the next one: what is dropped is dropped for good, so numbers only grow. */
class EchoCheck {
  torn = 0;
  echoed = 0;
  private readonly last = new Map<number, number>();

  take(id: number, payload: Uint8Array): void {
    this.echoed += 1;
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    const index = bytes.readUInt32LE(0);
    if (!payloadOf(index).equals(bytes) || index <= (this.last.get(id) ?? -1)) this.torn += 1;
    this.last.set(id, index);
  }
}

async function endUnderTraffic(
  client: HighPerformanceTransport,
  end: DyingPlan['end'],
  round: number,
): Promise<Ending> {
  const name = `dying-${end}-${round}`;
  const worker = new Worker(WORKER, { workerData: { name, end } satisfies DyingPlan });
  let error: string | undefined;
  worker.on('error', ({ message }) => {
    error = message;
  });
  const exited = new Promise<number>((resolve) => worker.on('exit', resolve));
  await once(worker, 'message');
  const check = new EchoCheck();
  const closes = new Map<number, (string | undefined)[]>();
  const onMessage = ({ id }: Session, { payload }: { payload: Uint8Array }) => check.take(id, payload);
  const onClose = ({ id }: Session, { code }: { code: string | undefined }) =>
    closes.set(id, [...(closes.get(id) ?? []), code]);
  client.on('message', onMessage);
  client.on('close', onClose);
  const ids = await client.connectMany(`mem://${name}`, SESSIONS);
  const floods = ids.map((id) => flood(client.session(id)!));
  if (end === 'none') {
    while (check.echoed < 10) await new Promise((resolve) => setImmediate(resolve));
    await worker.terminate();
  }
  const exitCode = await exited;
  await Promise.all(floods);
  while (closes.size < SESSIONS) await new Promise((resolve) => setImmediate(resolve));
  // A second close of a session would come within a few turns.
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  client.off('message', onMessage);
  client.off('close', onClose);
  const codes = [...new Set([...closes.values()].flat().map(String))];
  const closesPerSession = ids.map((id) => closes.get(id)!.length);
  return { exitCode, error, codes, closesPerSession, torn: check.torn };
}

async function ending(end: DyingPlan['end']): Promise<unknown> {
  await using client = await HighPerformanceTransport.create({ slowConsumerPolicy: 'drop-newest' });
  const endings: string[] = [];
  const descriptors: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    endings.push(JSON.stringify(await endUnderTraffic(client, end, round)));
    descriptors.push(readdirSync('/proc/self/fd').length);
  }
  const distinct = [...new Set(endings)].map((text) => JSON.parse(text));
  // The second round has opened whatever is opened once.
  return { distinct, leaks: descriptors.at(-1)! > descriptors[1], open: client.counters().sessionsOpen };
}

for (const end of ['none', 'exit', 'throw', 'close'] as const) say({ [end]: await ending(end) });
