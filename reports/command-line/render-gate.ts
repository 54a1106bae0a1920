import { resolve } from 'node:path';
import { baselinesFolder, keptEvidence, readEvidence, readGateHistory } from '../gate/beside-gate.js';
import { readGate } from '../gate/read-gate.js';
import { renderGate } from '../gate/render-gate.js';
import { ReportError } from '../record-file/report-error.js';
import { writeAtomically } from '../record-file/write-atomically.js';
import type { ReportSurroundings } from './surroundings.js';

export interface GateRendering {
  /** Folder of the gate, or its verdict. */
  gate: string;
  out: string;
  history: string | null;
  evidence: string | null;
}

/** The page of a gate again, from what the gate wrote. @throws ReportError */
export async function renderGatePage(
  rendering: GateRendering,
  surroundings: ReportSurroundings,
): Promise<number> {
  const { root, clientEntryPath } = surroundings;
  const { verdict, lines } = await readGate(rendering.gate);
  const history = await named('history', rendering.history, (path) =>
    readGateHistory(path, baselinesFolder(root)),
  );
  const evidence =
    rendering.evidence === null
      ? await readEvidence(keptEvidence(root))
      : await named('evidence', rendering.evidence, readEvidence);
  const page = await renderGate(
    { verdict, lines, history, evidence },
    clientEntryPath ? { clientEntryPath } : {},
  );
  await writeAtomically(rendering.out, page);
  surroundings.print(`report: ${rendering.out}`);
  return 0;
}

/** What is asked for by name has to be there. */
async function named<T>(
  option: string,
  path: string | null,
  read: (path: string) => Promise<T | null>,
): Promise<T | null> {
  if (path === null) return null;
  const found = await read(path);
  if (found !== null) return found;
  throw new ReportError('ERR_REPORT_RECORD', `--${option} ${resolve(path)}: there is no such file.`);
}
