/** Two readers of `/metrics` that know nothing of what wrote it, for tests. */
import { spawnSync } from 'node:child_process';

/** Whether `promtool` (Debian package prometheus) is there. */
export const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

export function promtoolSays(page: string): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: page,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** One metric of a page. */
export interface ReadMetric {
  help: string;
  type: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

/** Reads the format by its specification, knowing nothing of what wrote it; throws at the first line that breaks it. */
export function readExposition(text: string): Map<string, ReadMetric> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const metrics = new Map<string, ReadMetric>();
  const seen = new Set<string>();
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const meta = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (meta !== null) {
      const [, kind, name, rest] = meta;
      if (kind === 'HELP') {
        if (metrics.has(name)) throw new Error(`two metrics ${name}`);
        metrics.set(name, { help: rest, type: '', samples: [] });
        current = name;
      } else {
        if (name !== current || metrics.get(name)!.type !== '') throw new Error(`misplaced: ${line}`);
        metrics.get(name)!.type = rest;
      }
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (sample === null) throw new Error(`no sample: ${line}`);
    const [, name, labelText = '', valueText] = sample;
    const metric = metrics.get(current)!;
    const base = metric.type === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name;
    if (base !== current) throw new Error(`${line} stands under ${current}`);
    if (seen.has(`${name}{${labelText}}`)) throw new Error(`twice: ${line}`);
    seen.add(`${name}{${labelText}}`);
    const labels = Object.fromEntries(
      [...labelText.matchAll(/([a-zA-Z_]\w*)="([^"\\]*)"(?:,|$)/g)].map(([, label, value]) => [label, value]),
    );
    const value = valueText === '+Inf' ? Number.POSITIVE_INFINITY : Number(valueText);
    metric.samples.push({ name, labels, value });
  }
  return metrics;
}
