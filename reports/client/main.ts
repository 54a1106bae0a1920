import type { ChartSpec } from '../charts/chart-spec.js';
import { chartConfiguration, chartHeight } from './chart-from-spec.js';
import { armDownloads } from './download.js';
import type { Canvas2d, ChartInstance, PageDocument, PageElement, PageWindow } from './page-surface.js';
import { armTables } from './tables.js';
import { currentTheme } from './theme.js';

declare const document: PageDocument;
declare const window: PageWindow;

/** Paper is narrower than most windows; charts are laid out anew for it. */
const PAPER_WIDTH = 680;

interface DrawnChart {
  id: string;
  canvas: PageElement & { getContext(kind: '2d'): Canvas2d };
  instance: ChartInstance;
  width: number;
}

const specs = JSON.parse(document.getElementById('chart-data')?.textContent ?? '{}') as Record<
  string,
  ChartSpec
>;
const drawn = new Map<string, DrawnChart>();
const opened: PageElement[] = [];

function draw(id: string, paper: boolean): void {
  const spec = specs[id];
  const canvas = document.getElementById(id) as DrawnChart['canvas'] | null;
  const box = canvas?.parentElement;
  if (!spec || !canvas || !box) return;
  drawn.get(id)?.instance.destroy();
  if (paper) box.style.width = `${PAPER_WIDTH}px`;
  else box.style.width = '';
  const width = paper ? Math.min(PAPER_WIDTH, box.clientWidth) : box.clientWidth;
  const context = canvas.getContext('2d');
  box.style.height = `${chartHeight(spec, context, width)}px`;
  const instance = new window.Chart(canvas, chartConfiguration(spec, context, width, currentTheme(paper)));
  drawn.set(id, { id, canvas, instance, width });
}

function drawAll(paper: boolean): void {
  for (const id of Object.keys(specs)) draw(id, paper);
}

/** One chart per task, so that a page of many runs answers while it draws. */
function drawInTurn(ids: string[]): void {
  const [next, ...rest] = ids;
  if (next === undefined) {
    document.documentElement.dataset.charts = 'drawn';
    return;
  }
  draw(next, false);
  setTimeout(() => drawInTurn(rest), 0);
}

/** Labels move above their rows on narrow pages, so a new width needs a new layout. */
function redrawWhereWidthChanged(): void {
  for (const { id, canvas, width } of [...drawn.values()]) {
    if (canvas.parentElement?.clientWidth !== width) draw(id, false);
  }
}

function beforePrint(): void {
  document.documentElement.classList.add('printing');
  for (const details of document.querySelectorAll('details:not([open])')) {
    details.open = true;
    opened.push(details);
  }
  drawAll(true);
}

function afterPrint(): void {
  document.documentElement.classList.remove('printing');
  for (const details of opened.splice(0)) details.open = false;
  drawAll(false);
}

document.documentElement.classList.remove('no-script');
// Open in the markup for readers without scripts; with charts drawn the tables can wait.
for (const details of document.querySelectorAll('details[open]')) details.open = false;
armDownloads();
armTables();
window.addEventListener('beforeprint', beforePrint);
window.addEventListener('afterprint', afterPrint);
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawAll(false));
let pending: ReturnType<typeof setTimeout> | undefined;
window.addEventListener('resize', () => {
  clearTimeout(pending);
  pending = setTimeout(redrawWhereWidthChanged, 100);
});
drawInTurn(Object.keys(specs));
