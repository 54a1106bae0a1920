import type { Suite } from './harness/suite.js';
import { crossingArms, exposingArms } from './js-boundary/crossings.js';
import { lookupArms } from './js-boundary/lookups.js';
import { mapArms } from './js-boundary/map-reads.js';
import { recordArms } from './js-boundary/records.js';
import { ringArms } from './js-boundary/ring-writes.js';
import { viewArms } from './js-boundary/views.js';

/** What the design of the boundary rests on: what a crossing, a view, a record and a lookup cost JavaScript. */
export const jsBoundary: Suite = {
  name: 'js-boundary',
  title: 'Crossing between JavaScript and C++, and memory that both see',
  cases: [
    { name: 'crossing', parameters: {}, arms: crossingArms },
    { name: 'exposing/bytes=65536', parameters: { bytes: 65_536 }, arms: exposingArms },
    { name: 'reading/recordBytes=32', parameters: { recordBytes: 32 }, arms: recordArms },
    { name: 'viewing/bytes=64', parameters: { bytes: 64 }, arms: viewArms },
    { name: 'writing/bytes=64', parameters: { bytes: 64 }, arms: ringArms },
    { name: 'looking-up/sessions=100000', parameters: { sessions: 100_000 }, arms: lookupArms },
    { name: 'map-read/entries=100000', parameters: { entries: 100_000 }, arms: mapArms },
  ],
};
