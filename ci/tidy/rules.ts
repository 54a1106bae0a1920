import { atomicOrders } from './atomic-orders.js';
import { escapedTemplates } from './escaped-templates.js';
import { fileLength } from './file-length.js';
import { fileNames } from './file-names.js';
import { generatedFiles } from './generated-files.js';
import { lockedPackages } from './locked-packages.js';
import { machineTraces } from './machine-traces.js';
import { markdownLinks } from './markdown-links.js';
import { mergeMarkers } from './merge-markers.js';
import { nativeLayers } from './native-layers.js';
import type { Rule } from './problem.js';
import { typescriptLayers } from './typescript-layers.js';
import { unfinishedMarks } from './unfinished-marks.js';

/** Everything that `npm run tidy` proves. */
export const rules: readonly Rule[] = [
  nativeLayers,
  typescriptLayers,
  fileLength,
  fileNames,
  generatedFiles,
  lockedPackages,
  machineTraces,
  unfinishedMarks,
  atomicOrders,
  escapedTemplates,
  mergeMarkers,
  markdownLinks,
];
