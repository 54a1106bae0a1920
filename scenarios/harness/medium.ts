import type { Transport } from './case-parameters.js';

/**
 * Where the two ends of a session live. `sockets`: server and load generator are processes of their own, and all arms
 * share one generator. `in-process`: one process per arm holds both ends on two JavaScript threads and is its own
 * generator.
 */
export type Medium = 'sockets' | 'in-process';

export function mediumOf(transport: Transport): Medium {
  return transport === 'mem' ? 'in-process' : 'sockets';
}
