import type { ChartSpec } from '../charts/chart-spec.js';
import type { DownloadView } from './download-view.js';
import type { TermView } from './methods-view.js';
import type { TableView } from './table-view.js';

/** One canvas; `spec` goes into the page as data, the rest into the markup. */
export interface ChartView {
  id: string;
  kind: ChartSpec['kind'];
  /** What a screen reader says instead of the picture. */
  label: string;
}

export interface FigureView {
  /** In pieces between which a line may break. */
  heading: string[] | null;
  sentence: string | null;
  charts: ChartView[];
  table: TableView;
}

export interface SectionView {
  id: string;
  title: string;
  sentence: string;
  /** Figures beside each other where there is room, or each at full width. */
  layout: 'multiples' | 'pairs' | 'full';
  tablesLayout: 'multiples' | 'full';
  figures: FigureView[];
  tables: TableView[];
  /** A table that is folded away while scripts run. */
  folded: TableView | null;
  /** Sentences that the run left for its reader. */
  notes: string[];
  terms: TermView[];
  /** Ways to take the record away. */
  downloads: DownloadView[];
}

/** A section as its view model gives it; what it leaves out is empty. */
export type Section = Partial<SectionView> & Pick<SectionView, 'title' | 'sentence'>;

/** Keeps a chart for the page's data and gives its place in the markup; nothing where there is no chart. */
export type AddChart = (name: string, spec: ChartSpec | null, label: string) => ChartView[];

/** A case's name has no spaces, and is long: it may break where one parameter ends. */
export function piecesOf(caseName: string): string[] {
  return caseName.split(/(?<=[/,])/);
}

/** An `AddChart` that keeps the charts of a run, or of whatever has this id. */
export function adderOf(charts: Record<string, ChartSpec>, id: string): AddChart {
  return (name, spec, label): ChartView[] => {
    if (!spec) return [];
    const chartId = `${id}-${name}`;
    charts[chartId] = spec;
    return [{ id: chartId, kind: spec.kind, label }];
  };
}

/** The section with its place on the page and everything that it left out. */
export function completed(section: Section, id: string): SectionView {
  return {
    id: `${id}-${section.title.toLowerCase().replaceAll(' ', '-')}`,
    layout: 'full',
    tablesLayout: 'full',
    figures: [],
    tables: [],
    folded: null,
    notes: [],
    terms: [],
    downloads: [],
    ...section,
  };
}
