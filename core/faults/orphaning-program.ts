/** Starts a process that computes for ever as tests start theirs, prints its id, and waits. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { endingWithParent } from './process-lifetime.js';
import { nextLine, say } from './program-voice.js';

const [file, ...args] = endingWithParent([process.execPath, '-e', 'process.stdout.write("here"); for (;;);']);
const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
await once(child.stdout, 'data');
say({ pid: child.pid });
await nextLine();
