import type { RunRecord } from '../../scenarios/harness/record.js';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const NS_PER_MS = 1e6;

/**
 * The record's histograms, undecoded, in the log format of HdrHistogram (1.3): one line per case, arm and histogram, its
 * name as the tag. What reads such logs (HistogramLogAnalyzer, `HistogramLogProcessor`, hdr-histogram-js) makes
 * percentiles of them with every count that was recorded; values are nanoseconds, Interval_Max is in milliseconds.
 */
export function histogramLog(record: RunRecord): string {
  const startSeconds = Date.parse(record.startedAt) / 1000;
  const lengthSeconds = Math.max(0, Date.parse(record.finishedAt) / 1000 - startSeconds);
  const lines = [
    '#[Histogram log format version 1.3]',
    `#[StartTime: ${startSeconds.toFixed(3)} (seconds since epoch), ${new Date(record.startedAt).toISOString()}]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
  ];
  for (const [caseName, { arms }] of Object.entries(record.cases)) {
    for (const [arm, { histograms, metrics }] of Object.entries(arms)) {
      const maxMs = (metrics.latency_ns_max?.value ?? 0) / NS_PER_MS;
      for (const [name, encoded] of Object.entries(histograms)) {
        // Whatever else stands there is no histogram, and would end the line.
        if (!BASE64.test(encoded)) continue;
        const tag = tagOf(`${caseName}|${arm}|${name}`);
        lines.push(`Tag=${tag},0.000,${lengthSeconds.toFixed(3)},${maxMs.toFixed(3)},${encoded}`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

/** A tag has neither commas nor spaces nor line ends. */
function tagOf(name: string): string {
  return name.replaceAll(',', ';').replace(/[\s\p{Cc}]+/gu, '_');
}
