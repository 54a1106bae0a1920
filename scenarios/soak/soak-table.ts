import { formatNs, formatSi } from '../harness/format-number.js';
import type { LeakRecord, RunRecord } from '../harness/record.js';
import { formatSlope } from './soak-checks.js';

/** What a soak prints when it is done: the arms, their ledgers, and what the leak rule says of each gauge. */
export function renderSoak(record: RunRecord): string {
  const parts = Object.entries(record.cases).flatMap(([name, { arms }]) => [
    name,
    ...Object.entries(arms).map(([arm, { metrics, ledger }]) => {
      const rate = metrics.throughput_ops_per_s;
      const [p50, p99] = [metrics.latency_ns_p50, metrics.latency_ns_p99];
      const flow = rate === undefined ? 'nothing done' : `${formatSi(rate.value)} messages/s`;
      const latency =
        p50 === undefined || p99 === undefined
          ? ''
          : `, p50 ${formatNs(p50.value)}, p99 ${formatNs(p99.value)}`;
      const faults = (['lost', 'duplicated', 'reordered', 'corrupted'] as const)
        .map((key) => `${ledger[key]} ${key}`)
        .join(', ');
      return (
        `  ${arm}: ${flow}${latency}\n` +
        `    ${ledger.sent} sent, ${ledger.delivered} delivered, ${ledger.unacknowledgedAtClose} unacknowledged on sessions that were cut; ${faults}`
      );
    }),
  ]);
  const leaks = record.soak?.leaks.native ?? [];
  if (leaks.length > 0) parts.push('', 'leak rule, native', ...leaks.map(leakLine));
  for (const note of record.notes ?? []) parts.push(`note: ${note}`);
  return parts.join('\n');
}

function leakLine(leak: LeakRecord): string {
  const words = {
    clean: 'clean',
    leak: 'LEAK',
    'too-short': 'too short to judge',
    absent: 'not there',
  } as const;
  const slope = leak.slopeBytesPerSecond === null ? '' : `, slope ${formatSlope(leak.slopeBytesPerSecond)}`;
  const smallest =
    leak.detectableBytesPerSecond === null
      ? ''
      : `, smallest it could have found ${formatSlope(leak.detectableBytesPerSecond)}`;
  const since = leak.sinceSeconds === null ? '' : ` since minute ${Math.round(leak.sinceSeconds / 60)}`;
  return `  ${leak.label}: ${words[leak.verdict]}${since}${slope}${smallest} (${leak.troughs} troughs over ${Math.round(leak.judgedSeconds)} s)`;
}
