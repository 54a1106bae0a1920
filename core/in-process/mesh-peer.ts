/**
 * One thread of a mesh: every thread has sessions to every other one, both ends send at once, in random order and sizes,
 * and each end keeps the ledger of what it received.
 */
import { SeededRandom } from '../faults/seeded-random.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Session, SessionId } from '../transport.js';

const HEADER_BYTES = 16;

export interface MeshPlan {
  /** Names of this mesh in the process are `<name>-<index>`. */
  name: string;
  index: number;
  peers: number;
  sessionsPerPair: number;
  /** Messages that each end of each session sends. */
  messages: number;
  seed: number;
}

export interface MeshReport {
  index: number;
  sessions: number;
  received: number;
  faults: string[];
  closes: (string | undefined)[];
}

/** What one end has sent and received. */
interface Ledger {
  session: Session;
  sent: number;
  received: number;
  origin: number;
  isFull: boolean;
}

/** Mostly small, some that have an ArrayBuffer of their own in a view, a few too large for a segment of the ring. */
function sizeOf(random: SeededRandom): number {
  const kind = random.below(1000);
  if (kind === 0) return HEADER_BYTES + random.below(400_000);
  if (kind < 20) return HEADER_BYTES + random.below(40_000);
  return HEADER_BYTES + random.below(300);
}

/** Of every 16th byte and the last: changes with any byte that a mix-up of memory would bring. */
function checksumOf(bytes: Uint8Array): number {
  let sum = bytes.length;
  for (let i = HEADER_BYTES; i < bytes.length; i += 16) sum = (Math.imul(sum, 31) + bytes[i]) | 0;
  if (bytes.length > HEADER_BYTES) sum = (Math.imul(sum, 31) + bytes[bytes.length - 1]) | 0;
  return sum >>> 0;
}

export class MeshPeer {
  private readonly ledgers = new Map<SessionId, Ledger>();
  private readonly ready: Ledger[] = [];
  private readonly faults: string[] = [];
  private readonly closes: (string | undefined)[] = [];
  private readonly random: SeededRandom;
  private received = 0;
  private sent = 0;
  private readonly plan: MeshPlan;
  private readonly transport: HighPerformanceTransport;

  private constructor(plan: MeshPlan, transport: HighPerformanceTransport) {
    this.plan = plan;
    this.transport = transport;
    this.random = new SeededRandom(plan.seed + plan.index);
  }

  /** Listens; the others may connect from then on. Peers with an even index read in place, the others get packets. */
  static async open(plan: MeshPlan): Promise<MeshPeer> {
    const transport = await HighPerformanceTransport.create();
    const peer = new MeshPeer(plan, transport);
    transport.on('session', (session) => peer.add(session));
    transport.on('drain', (session) => peer.onDrain(session));
    transport.on('close', (_session, { code }) => peer.closes.push(code));
    if (plan.index % 2 === 0) {
      transport.onBatch((batch) => {
        for (const message of batch) {
          const header = [0, 4, 8, 12].map((at) => message.getUint32(at, true));
          peer.take(message.sessionId, header, message.length, message.payload());
        }
      });
    } else {
      transport.on('message', ({ id }, { payload }) => {
        const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
        const header = [0, 4, 8, 12].map((at) => view.getUint32(at, true));
        peer.take(id, header, payload.length, payload);
      });
    }
    await transport.listen(`mem://${plan.name}-${plan.index}`);
    return peer;
  }

  /** Connects to the peers before this one, sends everything, and resolves when everything has come. */
  async run(): Promise<MeshReport> {
    const { name, index, peers, sessionsPerPair, messages } = this.plan;
    for (let other = 0; other < index; other += 1) {
      const ids = await this.transport.connectMany(`mem://${name}-${other}`, sessionsPerPair);
      for (const id of ids) this.add(this.transport.session(id)!);
    }
    const sessions = (peers - 1) * sessionsPerPair;
    const expected = sessions * messages;
    while (this.received < expected || this.sent < expected) {
      this.sendSome();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return {
      index,
      sessions: this.ledgers.size,
      received: this.received,
      faults: this.faults,
      closes: this.closes,
    };
  }

  close(): Promise<void> {
    return this.transport.close({ drainTimeoutMs: 0 });
  }

  private add(session: Session): void {
    const ledger = { session, sent: 0, received: 0, origin: -1, isFull: false };
    this.ledgers.set(session.id, ledger);
    this.ready.push(ledger);
  }

  private sendSome(): void {
    for (let count = 0; count < 200 && this.ready.length > 0; count += 1) {
      const at = this.random.below(this.ready.length);
      const ledger = this.ready[at];
      ledger.isFull = !ledger.session.send(this.next(ledger));
      ledger.sent += 1;
      this.sent += 1;
      if (!ledger.isFull && ledger.sent < this.plan.messages) continue;
      this.ready[at] = this.ready[this.ready.length - 1];
      this.ready.pop();
    }
  }

  private onDrain(session: Session): void {
    const ledger = this.ledgers.get(session.id)!;
    if (!ledger.isFull) this.faults.push(`session ${session.id} drained without having been full`);
    ledger.isFull = false;
    if (ledger.sent < this.plan.messages) this.ready.push(ledger);
  }

  private next(ledger: Ledger): Uint8Array {
    const payload = Buffer.alloc(sizeOf(this.random), (ledger.sent * 7 + this.plan.index * 31) & 0xff);
    payload.writeUInt32LE(this.plan.index, 0);
    payload.writeUInt32LE(ledger.sent, 4);
    payload.writeUInt32LE(payload.length, 8);
    payload.writeUInt32LE(checksumOf(payload), 12);
    return payload;
  }

  private take(id: SessionId, header: number[], length: number, payload: Uint8Array): void {
    this.received += 1;
    const ledger = this.ledgers.get(id);
    if (ledger === undefined) {
      this.faults.push(`a message of session ${id} before the session`);
      return;
    }
    const [origin, sequence, sentLength, checksum] = header;
    if (ledger.origin < 0) ledger.origin = origin;
    const isWhole = sentLength === length && payload.length === length && checksum === checksumOf(payload);
    if (origin !== ledger.origin || sequence !== ledger.received || !isWhole) {
      this.faults.push(
        `session ${id} expected ${ledger.received} of ${ledger.origin}, got ${header}, ${length}`,
      );
    }
    ledger.received += 1;
  }
}
