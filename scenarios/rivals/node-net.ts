/**
 * Arm `rival:node-net`: what an expert writes on `node:net` for exactly this work. Frames are found in place, all
 * replies of one `data` event go out in one `socket.write` from a buffer that is reused, state sits on the socket. No
 * table, no lock, no packet objects, no copy but into the output.
 */
import { createServer, type Server, type Socket } from 'node:net';
import {
  HEADER_BYTES,
  PACKET_ONE_WAY,
  PACKET_RESPONSE,
  WIRE_VERSION,
} from '../../core/protocol/wire-layout.generated.js';
import { type HandlerOptions, serveControl } from '../arms/control-server.js';
import { COUNTER_REPLY_BYTES, fillerByte } from '../arms/counter-reply.js';
import { SinkRecord } from '../arms/sink-record.js';
import { TickBroadcaster } from '../arms/tick-broadcaster.js';

const PAYLOAD_BYTES_MAX = 16 * 1024 * 1024;
const REPLY_FRAME_BYTES = HEADER_BYTES + COUNTER_REPLY_BYTES;
const OUTPUT_BYTES = 256 * 1024;

const counters = { messages_received: 0, messages_sent: 0, sessions_accepted: 0, sessions_open: 0 };
const servers: Server[] = [];
const sockets = new Set<Socket>();

/** Frames that leave together; those of the counter handler and of the sink differ in what is written once. */
interface Output {
  bytes: Buffer;
}
const replies: Output = { bytes: makeOutput() };
const acknowledgements: Output = { bytes: makeOutput() };

/** A new output buffer whose reply frames are complete but for message id, biz type, counter and token. */
function makeOutput(): Buffer {
  const frame = Buffer.alloc(
    REPLY_FRAME_BYTES,
    Uint8Array.from({ length: REPLY_FRAME_BYTES }, (_, i) => fillerByte(i - HEADER_BYTES)),
  );
  frame.fill(0, 0, HEADER_BYTES);
  frame[0] = WIRE_VERSION;
  frame[2] = PACKET_RESPONSE;
  frame.writeUInt32BE(COUNTER_REPLY_BYTES, 10);
  return Buffer.alloc(Math.floor(OUTPUT_BYTES / REPLY_FRAME_BYTES) * REPLY_FRAME_BYTES, frame);
}

/** One frame for all sockets of an interest group; each of them keeps what the kernel does not take. */
function sendFrame(payload: Uint8Array, members: ReadonlySet<Socket>): void {
  const frame = Buffer.alloc(HEADER_BYTES + payload.length);
  frame[0] = WIRE_VERSION;
  frame[2] = PACKET_ONE_WAY;
  frame.writeUInt32BE(payload.length, 10);
  frame.set(payload, HEADER_BYTES);
  for (const socket of members) socket.write(frame);
  counters.messages_sent += members.size;
}

function serve(
  socket: Socket,
  { handler, ackEvery }: HandlerOptions,
  broadcaster: TickBroadcaster<Socket> | undefined,
): void {
  let counter = 0;
  const record = new SinkRecord();
  const isOneWay = handler === 'sink' || handler === 'broadcast';
  const output = isOneWay ? acknowledgements : replies;
  broadcaster?.join(socket);
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let wantedBytes = HEADER_BYTES;

  const write = (bytes: Buffer) => {
    // A peer that does not take its replies gets to send nothing more. A write that was taken at once needs no pause,
    // although it returns false when it is longer than the high watermark.
    if (!socket.write(bytes) && socket.writableLength > 0) socket.pause();
  };

  /** Handles the complete frames of `bytes`, and returns where the incomplete one begins, or -1 when malformed. */
  const handleFrames = (bytes: Buffer): number => {
    let offset = 0;
    let outputBytes = 0;
    while (bytes.length - offset >= HEADER_BYTES) {
      const payloadBytes = bytes.readUInt32BE(offset + 10);
      if (bytes[offset] !== WIRE_VERSION || payloadBytes > PAYLOAD_BYTES_MAX) return -1;
      const payloadOffset = offset + HEADER_BYTES + bytes.readUInt16BE(offset + 8);
      const end = payloadOffset + payloadBytes;
      if (end > bytes.length) {
        wantedBytes = end - offset;
        break;
      }
      counters.messages_received += 1;
      if (isOneWay) {
        if (outputBytes === output.bytes.length) outputBytes = flush(outputBytes);
        if (acknowledge(bytes, offset, payloadOffset, end, outputBytes)) {
          outputBytes += REPLY_FRAME_BYTES;
          counters.messages_sent += 1;
        }
        offset = end;
        continue;
      }
      counter += 1;
      if (handler === 'forward') {
        // The chunk is ours: the request becomes its own reply and leaves from where it lies.
        bytes[offset + 2] = PACKET_RESPONSE;
      } else {
        if (outputBytes === output.bytes.length) outputBytes = flush(outputBytes);
        const reply = output.bytes;
        reply[outputBytes + 3] = bytes[offset + 3];
        bytes.copy(reply, outputBytes + 4, offset + 4, offset + 8);
        reply.writeUInt32LE(counter % 0x1_0000_0000, outputBytes + HEADER_BYTES);
        reply.writeUInt32LE(Math.floor(counter / 0x1_0000_0000), outputBytes + HEADER_BYTES + 4);
        bytes.copy(reply, outputBytes + HEADER_BYTES + 8, payloadOffset, payloadOffset + 8);
        outputBytes += REPLY_FRAME_BYTES;
      }
      counters.messages_sent += 1;
      offset = end;
    }
    if (handler === 'forward' && offset > 0) write(bytes.subarray(0, offset));
    if (outputBytes > 0) flush(outputBytes);
    return offset;
  };

  /** Takes a message of the sink; true when it is acknowledged, at `at` of the output. */
  const acknowledge = (
    bytes: Buffer,
    offset: number,
    payloadOffset: number,
    end: number,
    at: number,
  ): boolean => {
    const isFence = bytes[offset + 2] !== PACKET_ONE_WAY;
    const payload = bytes.subarray(payloadOffset, end);
    const reader = new DataView(payload.buffer, payload.byteOffset, payload.length);
    if (isFence) {
      broadcaster?.handleRequest(reader, payload.length);
    } else {
      record.take(reader, payload.length, () => payload);
      if (broadcaster !== undefined || record.received % ackEvery !== 0) return false;
    }
    output.bytes[at + 2] = isFence ? PACKET_RESPONSE : PACKET_ONE_WAY;
    bytes.copy(output.bytes, at + 3, offset + 3, offset + 8);
    output.bytes.set(record.acknowledgement(), at + HEADER_BYTES);
    return true;
  };

  /** Sends the output; a buffer the kernel did not take whole stays with the socket, and another takes its place. */
  const flush = (outputBytes: number): number => {
    write(output.bytes.subarray(0, outputBytes));
    if (socket.writableLength > 0) output.bytes = makeOutput();
    return 0;
  };

  socket.on('data', (chunk: Buffer) => {
    waitingBytes += chunk.length;
    if (waitingBytes < wantedBytes) {
      waiting.push(chunk);
      return;
    }
    const bytes = waiting.length === 0 ? chunk : Buffer.concat([...waiting, chunk], waitingBytes);
    wantedBytes = HEADER_BYTES;
    const taken = handleFrames(bytes);
    if (taken < 0) socket.destroy();
    waiting = taken < 0 || taken === bytes.length ? [] : [bytes.subarray(taken)];
    waitingBytes = bytes.length - taken;
  });
  socket.on('drain', () => socket.resume());
  // A reset ends the session; `close` follows.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    sockets.delete(socket);
    broadcaster?.leave(socket);
    counters.sessions_open -= 1;
  });
}

function listenAt(url: string, asked: HandlerOptions): Promise<string> {
  const { protocol, hostname, port, pathname } = new URL(url);
  const isUnix = protocol === 'unix:';
  const broadcaster =
    asked.ticks === undefined ? undefined : new TickBroadcaster<Socket>(asked.ticks, sendFrame);
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    counters.sessions_accepted += 1;
    counters.sessions_open += 1;
    serve(socket, asked, broadcaster);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(isUnix ? { path: pathname } : { host: hostname, port: Number(port), backlog: 4096 }, () => {
      servers.push(server);
      const bound = server.address();
      resolve(bound === null || typeof bound === 'string' ? url : `tcp://${hostname}:${bound.port}`);
    });
  });
}

serveControl('rival:node-net', {
  listen: listenAt,
  counters: () => counters,
  async close() {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  },
});
