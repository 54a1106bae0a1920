/** The threads of this process that reactors run on, as the kernel sees them. */
import { readdirSync, readFileSync } from 'node:fs';

export interface ReactorThread {
  readonly name: string;
  /** CPUs it may run on, as `Cpus_allowed_list` says. */
  readonly cpus: string;
  /** How often it gave its CPU away by itself, to wait. */
  readonly sleeps: number;
}

export function reactorThreads(): ReactorThread[] {
  const threads: ReactorThread[] = [];
  for (const id of readdirSync('/proc/self/task')) {
    const folder = `/proc/self/task/${id}`;
    try {
      const name = readFileSync(`${folder}/comm`, 'utf8').trim();
      if (!/^msgtrans-\d+$/.test(name)) continue;
      const status = readFileSync(`${folder}/status`, 'utf8');
      const cpus = /^Cpus_allowed_list:\s*(.*)$/m.exec(status)![1];
      const sleeps = Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(status)![1]);
      threads.push({ name, cpus, sleeps });
    } catch {
      // It ended meanwhile.
    }
  }
  return threads;
}
