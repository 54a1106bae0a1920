import { loopArms } from './harness/loop-arm.js';
import type { Suite, SuiteCase } from './harness/suite.js';
import { decodingArms } from './packet-codec/decoding.js';
import { encodingArms } from './packet-codec/encoding.js';

const HEADER_BYTES = 16;
/** What a read over a network gives at the least: the payload of an Ethernet frame. */
const FRAGMENT_BYTES = 1448;
const PAYLOADS_BYTES = [64, 1024, 65_536];

function frames(payloadBytes: number): SuiteCase {
  return {
    name: `frame/payloadBytes=${payloadBytes}`,
    parameters: { payloadBytes },
    arms: loopArms('packet-codec/frame', ['native', 'baseline', 'rival:memcpy', 'limit']),
  };
}

function fragments(payloadBytes: number): SuiteCase {
  return {
    name: `fragments/fragmentBytes=${FRAGMENT_BYTES},payloadBytes=${payloadBytes}`,
    parameters: { fragmentBytes: FRAGMENT_BYTES, payloadBytes },
    bytesPerOperation: HEADER_BYTES + payloadBytes,
    arms: loopArms('packet-codec/fragments', ['native', 'baseline', 'limit']),
  };
}

function decoding(payloadBytes: number, fragmentBytes?: number): SuiteCase {
  const cut = fragmentBytes === undefined ? '' : `fragmentBytes=${fragmentBytes},`;
  return {
    name: `typescript-decode/${cut}payloadBytes=${payloadBytes}`,
    parameters: { payloadBytes, ...(fragmentBytes === undefined ? {} : { fragmentBytes }) },
    arms: decodingArms,
  };
}

function encoding(payloadBytes: number): SuiteCase {
  return {
    name: `typescript-encode/payloadBytes=${payloadBytes}`,
    parameters: { payloadBytes },
    bytesPerOperation: HEADER_BYTES + payloadBytes,
    arms: encodingArms(payloadBytes),
  };
}

/**
 * The wire format, in the engine and in TypeScript, against codecs as one writes them by hand. An operation is a packet.
 * Bytes are counted where they are moved: whoever finds packets in a stream looks at their headers alone.
 */
export const packetCodec: Suite = {
  name: 'packet-codec',
  title: 'Reading and writing packets of the wire format, whole and in pieces',
  cases: [
    {
      name: 'parse',
      parameters: {},
      bytesPerOperation: HEADER_BYTES,
      arms: loopArms('packet-codec/parse', ['native', 'baseline', 'limit']),
    },
    {
      name: 'write',
      parameters: {},
      bytesPerOperation: HEADER_BYTES,
      arms: loopArms('packet-codec/write', ['native', 'baseline', 'limit']),
    },
    ...PAYLOADS_BYTES.map(frames),
    ...PAYLOADS_BYTES.map(fragments),
    decoding(64),
    decoding(1024),
    decoding(64, FRAGMENT_BYTES),
    decoding(1024, FRAGMENT_BYTES),
    encoding(64),
    encoding(1024),
  ],
};
