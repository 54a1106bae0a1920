import type { PageDocument, PageElement } from './page-surface.js';

declare const document: PageDocument;
declare const Blob: new (parts: string[], options: { type: string }) => object;
declare const URL: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };

/** Long enough for any browser to have taken the data. */
const REVOKE_AFTER_MS = 60_000;

/** Makes the download links save the records embedded in the page, formatted for a reader. */
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
  if (!embedded) return;
  const url = URL.createObjectURL(
    new Blob([`${JSON.stringify(JSON.parse(embedded), null, 1)}\n`], { type: 'application/json' }),
  );
  const invisible = document.createElement('a');
  invisible.href = url;
  invisible.download = link.download;
  invisible.click();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS);
}
