import type { CaseParameters } from './case-parameters.js';
import { mediumOf } from './medium.js';

/** Over how many processes a case is spread. */
export interface CaseProcesses {
  /** Of each arm. */
  servers: number;
  /** For all arms together; a whole number of them for each server process. */
  generators: number;
}

export const ONE_OF_EACH: CaseProcesses = { servers: 1, generators: 1 };

/** Listening sockets, epoll, pipes, libraries. */
export const DESCRIPTORS_SPARE = 128;

/**
 * How many processes the sessions of a case need so that none has more descriptors than it may. A server process holds
 * the sessions of its arm; a generator holds sessions to all arms, which are open at the same time.
 */
export function processesFor(
  parameters: CaseParameters,
  arms: number,
  descriptorsMax: number,
): CaseProcesses {
  // Only sockets take descriptors.
  if (mediumOf(parameters.transport) === 'in-process') return ONE_OF_EACH;
  const room = Math.max(1, descriptorsMax - DESCRIPTORS_SPARE);
  const servers = Math.ceil(parameters.sessions / room);
  return { servers, generators: servers * Math.ceil((parameters.sessions * arms) / (servers * room)) };
}
