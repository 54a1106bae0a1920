import { CheckpointLog, type NewEntry } from '../checkpoint-log.js';
import { readCheckpoints } from '../checkpoint-reader.js';
import { armCheckpoint, runFacts } from './sample-checkpoints.js';

/** Writes checkpoints until the disk is full, and reads them again: for the test of a full disk. */
const folder = process.argv[2];
const log = new CheckpointLog(folder, runFacts());
let written = 0;
let message = '';
while (message === '' && written < 10_000) {
  const entry: NewEntry = {
    kind: 'checkpoint',
    life: 0,
    atSeconds: 60 * written,
    seconds: 60,
    writtenAt: new Date(0).toISOString(),
    phases: [],
    stealPercent: 0,
    psiCpuSome: null,
    arms: { native: armCheckpoint() },
  };
  try {
    log.append(entry);
    written += 1;
  } catch (error) {
    message = (error as Error).message;
  }
}
let readBack = 0;
const { torn } = readCheckpoints(folder, () => {
  readBack += 1;
});
process.stdout.write(JSON.stringify({ message, written, readBack, torn }));
