import type { RunRecord } from '../../scenarios/harness/record.js';
import type { Thinning } from '../record-file/thin-record.js';

/** What the page can make of the record that it embeds. */
export type RecordFormat = 'json' | 'rounds-csv' | 'windows-csv' | 'histogram-log';
/** A text that is embedded as it is to be saved, or something made of a record. */
export type DownloadFormat = RecordFormat | 'text';

export interface DownloadView {
  recordId: string;
  format: DownloadFormat;
  fileName: string;
  label: string;
}

const FILE_ENDS: Record<RecordFormat, string> = {
  json: '.json',
  'rounds-csv': '-rounds.csv',
  'windows-csv': '-windows.csv',
  'histogram-log': '.hlog',
};
const LABELS: Record<RecordFormat, string> = {
  json: 'Run record as JSON',
  'rounds-csv': 'Rounds as CSV',
  'windows-csv': 'Windows as CSV',
  'histogram-log': 'Histograms as HdrHistogram log',
};

/** The formats for which the record holds anything. */
export function downloadsOf(record: RunRecord, recordId: string): DownloadView[] {
  const arms = Object.values(record.cases).flatMap(({ arms: all }) => Object.values(all));
  const formats: RecordFormat[] = ['json'];
  if (arms.some(({ rounds }) => rounds.length > 0)) formats.push('rounds-csv');
  if (arms.some(({ series }) => Object.keys(series).length > 0)) formats.push('windows-csv');
  if (arms.some(({ histograms }) => Object.keys(histograms).length > 0)) formats.push('histogram-log');
  const stem = `${fileNamePart(record.scenario)}-${fileNamePart(record.startedAt)}`;
  return formats.map((format) => ({
    ...{ recordId, format, fileName: `${stem}${FILE_ENDS[format]}` },
    label: LABELS[format],
  }));
}

/** Those that are left when the embedded record was thinned. */
export function downloadsAfter(downloads: readonly DownloadView[], thinning: Thinning): DownloadView[] {
  return downloads.filter(({ format }) => thinning !== 'all-samples' || format !== 'windows-csv');
}

/** What of a text can stand in the name of a file. */
export function fileNamePart(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 60);
}
