import type { RunRecord } from '../../scenarios/harness/record.js';
import { histogramLog } from '../export/histogram-log.js';
import { roundsCsv, windowsCsv } from '../export/record-csv.js';
import type { DownloadFormat } from '../view-model/download-view.js';
import type { PageDocument, PageElement } from './page-surface.js';

declare const document: PageDocument;
declare const Blob: new (parts: string[], options: { type: string }) => object;
declare const URL: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };

/** Long enough for any browser to have taken the data. */
const REVOKE_AFTER_MS = 60_000;

interface Writer {
  type: string;
  write(record: RunRecord): string;
}

const WRITERS: Readonly<Record<DownloadFormat, Writer>> = {
  json: { type: 'application/json', write: (record) => `${JSON.stringify(record, null, 1)}\n` },
  'rounds-csv': { type: 'text/csv;charset=utf-8', write: roundsCsv },
  'windows-csv': { type: 'text/csv;charset=utf-8', write: windowsCsv },
  text: { type: 'text/plain;charset=utf-8', write: String },
  'histogram-log': { type: 'text/plain;charset=utf-8', write: histogramLog },
};

/** Makes the download links save what they name of the records embedded in the page. */
export function armDownloads(): void {
  for (const link of document.querySelectorAll('a[data-record]')) {
    link.addEventListener('click', (event) => {
      event.preventDefault();
      save(link);
    });
  }
}

function save(link: PageElement): void {
  const embedded = document.getElementById(link.dataset.record ?? '')?.textContent;
  const writer = WRITERS[link.dataset.format as DownloadFormat];
  if (!embedded || !writer) return;
  const text = writer.write(JSON.parse(embedded) as RunRecord);
  const url = URL.createObjectURL(new Blob([text], { type: writer.type }));
  const invisible = document.createElement('a');
  invisible.href = url;
  invisible.download = link.download;
  invisible.click();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS);
}
