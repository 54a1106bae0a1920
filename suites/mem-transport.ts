import { loopArm } from './harness/loop-arm.js';
import type { Suite } from './harness/suite.js';
import { fasterThan, timeAgainst } from './harness/targets.js';
import { atomicsWaitArm } from './mem-transport/atomics.js';
import { memArm } from './mem-transport/mem-arm.js';
import { postMessageArm } from './mem-transport/post-message.js';

/** 64 bytes between the main thread and a Worker. */
export const memTransport: Suite = {
  name: 'mem-transport',
  title: 'mem:// between two JavaScript threads, against postMessage',
  cases: [
    {
      name: 'one-way',
      parameters: { payloadBytes: 64 },
      arms: [
        memArm('native', { way: 'one-way', spinning: false }),
        memArm('native:two-buffers', { way: 'one-way', spinning: false, buffers: 2 }),
        postMessageArm('rival:message-port', { way: 'one-way', spinning: false }),
      ],
      targets: [fasterThan('rival:message-port', 40)],
    },
    {
      // Both threads sleep in their loops until a message comes. The limit is an eventfd between two native threads.
      name: 'round-trip/waiting=blocked',
      parameters: { payloadBytes: 64 },
      arms: [
        memArm('native', { way: 'round-trip', spinning: false }),
        memArm('native:request', { way: 'request', spinning: false }),
        postMessageArm('rival:message-port', { way: 'round-trip', spinning: false }),
        atomicsWaitArm,
        loopArm('mem-transport/round-trip', 'limit'),
      ],
      targets: [timeAgainst('rival:message-port', 0.8), timeAgainst('limit', 1.4)],
    },
    {
      // Our loops go round without sleeping; postMessage stands here as it is used, and with spinning loops too.
      name: 'round-trip/waiting=spinning',
      parameters: { payloadBytes: 64 },
      arms: [
        memArm('native', { way: 'round-trip', spinning: true }),
        memArm('native:request', { way: 'request', spinning: true }),
        postMessageArm('rival:message-port', { way: 'round-trip', spinning: false }),
        postMessageArm('rival:message-port-spinning', { way: 'round-trip', spinning: true }),
      ],
      targets: [timeAgainst('rival:message-port', 0.25)],
    },
  ],
};
