import { Peer } from '../harness/peer.js';
import type { Made, SuiteArm, SuiteParameters } from '../harness/suite.js';
import { timedRun } from '../harness/timed-run.js';
import { faultIn, type PayloadShape, payloadShape, wordsOf, writePayload } from './payload-words.js';

/** `postMessage`: by structured clone, which copies, or with a transfer list, which gives the memory away. */

export interface PostWay {
  way: 'one-way' | 'there-and-back';
  transfers: boolean;
}

/** What is handed to the thread at the other end. */
export interface PostPeerData extends PayloadShape {
  transfers: boolean;
  /** Transferred buffers come back this many at a time. */
  returnEvery: number;
}

/** Payloads that are on their way there and back at once. */
const UNDER_WAY = 4;
/** Buffers that are transferred are used again when they have come back: new ones would be zeroed and collected. */
const BUFFERS_BYTES = 2 * 1024 * 1024;
const BUFFERS_MAX = 256;

export function postMessageArm(name: string, way: PostWay): SuiteArm {
  return { name, make: (parameters) => makePostMessage(way, parameters) };
}

async function makePostMessage(way: PostWay, parameters: SuiteParameters): Promise<Made> {
  const shape = payloadShape(parameters);
  const buffers = Math.max(UNDER_WAY, Math.min(BUFFERS_MAX, BUFFERS_BYTES / shape.bytes));
  const returnEvery = Math.max(1, buffers / 4);
  const data: PostPeerData = { ...shape, transfers: way.transfers, returnEvery };
  const peer = new Peer('zero-copy-transfer/post-message-peer.js', data);
  await peer.answer('ready');
  const poster = new PayloadPoster(peer, shape, way.transfers ? buffers : 0);
  const mode = way.way === 'one-way' ? 'count' : 'echo';
  return {
    workload: {
      run: (count) =>
        timedRun(peer, { mode, count, spinning: false }, () =>
          mode === 'count' ? postOneWay(poster, peer, count) : postThereAndBack(poster, peer, count),
        ),
      release: () => peer.stop(),
    },
  };
}

/** Posts from one buffer that stays, or from a stock of buffers that go and come back. */
class PayloadPoster {
  readonly shape: PayloadShape;
  readonly stock: Uint8Array[];
  readonly #peer: Peer;
  readonly #own: Uint8Array | null;

  constructor(peer: Peer, shape: PayloadShape, buffers: number) {
    this.#peer = peer;
    this.shape = shape;
    this.stock = Array.from({ length: buffers }, () => new Uint8Array(shape.bytes));
    this.#own = buffers === 0 ? new Uint8Array(shape.bytes) : null;
  }

  get isEmpty(): boolean {
    return this.#own === null && this.stock.length === 0;
  }

  post(number: number): void {
    const payload = this.#own ?? this.stock.pop();
    if (payload === undefined) throw new Error('no buffer has come back');
    writePayload(wordsOf(payload), number, this.shape);
    if (this.#own === null) this.#peer.post(payload, [payload.buffer as ArrayBuffer]);
    else this.#peer.post(payload);
  }

  takeBack(payload: Uint8Array): void {
    if (this.#own === null) this.stock.push(payload);
  }
}

async function postOneWay(poster: PayloadPoster, peer: Peer, count: number): Promise<number> {
  let wake: () => void = () => {};
  peer.onPayload = (returned) => {
    for (const payload of returned as Uint8Array[]) poster.takeBack(payload);
    wake();
  };
  for (let number = 0; number < count; number++) {
    while (poster.isEmpty) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    poster.post(number);
  }
  return (await peer.answer('counted')).faults;
}

function postThereAndBack(poster: PayloadPoster, peer: Peer, count: number): Promise<number> {
  return new Promise((resolve) => {
    let sent = 0;
    let back = 0;
    let faults = 0;
    peer.onPayload = (message) => {
      const payload = message as Uint8Array;
      faults += faultIn(payload, back, poster.shape);
      poster.takeBack(payload);
      back += 1;
      if (sent < count) poster.post(sent++);
      else if (back === count) resolve(faults);
    };
    while (sent < Math.min(count, UNDER_WAY)) poster.post(sent++);
  });
}
