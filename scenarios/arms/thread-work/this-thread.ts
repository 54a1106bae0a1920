import { readlinkSync } from 'node:fs';

/** The kernel's number of the calling thread, by which others pin it. The link is read on the thread that asks. */
export function thisThreadId(): number {
  return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
}
