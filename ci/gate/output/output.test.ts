import { describe, expect, it } from 'vitest';
import type { RawLine } from '../invocation/raw-file.js';
import { type SampleOptions, sampleHeader, sampleInvocation } from '../testing/sample-invocations.js';
import type { GateVerdictFile } from '../verdict/gate-verdict.js';
import { judgeRaw } from '../verdict/judge-raw.js';
import { type GateSummary, summariseVerdict } from './gate-summary.js';
import { summaryJunit } from './junit.js';
import { summaryMarkdown } from './markdown.js';
import { summaryText } from './summary-text.js';

function verdictFile(options: SampleOptions, why = 'merge base with main'): GateVerdictFile {
  const header = sampleHeader();
  const lines: RawLine[] = [{ ...header, base: { ...header.base, why } }];
  let judgement = judgeRaw(lines);
  for (let index = 0; !judgement.decided; index++) {
    lines.push(sampleInvocation(index, { ...options, control: index % 4 === 3 }));
    judgement = judgeRaw(lines);
  }
  return judgement.file;
}

function summary(options: SampleOptions, why?: string): GateSummary {
  return summariseVerdict(verdictFile(options, why));
}

describe('the summary of a gate', () => {
  it('says in the terminal what was compared with what, figures, verdict, reasons and noise', () => {
    const text = summaryText(summary({ slowdown: 0.08 }));
    expect(text).toContain(
      'bbbbbbbbbbbb with changes against the base build aaaaaaaaaaaa (merge base with main)',
    );
    expect(text).toContain('36 invocations, seed 7');
    expect(text).toMatch(/throughput_ops_per_s +4\d\d k\/s +3\d\d k\/s +\+[78]\.\d\d % +5 % +fail/);
    expect(text).toContain('gate: FAIL');
    expect(text).toMatch(/between windows, .* between invocations/);
    expect(text).toContain('control: ');
    expect(text).toMatch(
      /power of .*throughput_ops_per_s.* fail at 0 %, .* fail at 3\.5 %, .*100 % fail at 6 %/,
    );
  });

  it('says from when on a slowdown can be shown, where it is not the first look', () => {
    const one = verdictFile({});
    expect(summaryText(summariseVerdict(one))).not.toContain('share the levels');
    const four = { ...one, metrics: [one.metrics[0], one.metrics[0], one.metrics[0], one.metrics[0]] };
    const named = four.metrics.map((line, index) => ({
      ...line,
      state: line.state === null ? null : { ...line.state, name: `m${index}` },
    }));
    expect(summaryText(summariseVerdict({ ...four, metrics: named }))).toContain(
      'note: 4 metrics share the levels, so 12 invocations can clear them, and only 24 or more can show a slowdown',
    );
  });

  it('is empty in Markdown when there is nothing to say, and not when something became faster', () => {
    expect(summaryMarkdown(summary({}))).toBe('');
    expect(summaryMarkdown(summary({ slowdown: -0.08 }))).toContain('### Performance gate: pass, faster');
    expect(summaryMarkdown(summary({ dropped: 7 }))).toContain('### Performance gate: inconclusive');
  });

  it('lets no name of a branch out of its cell or into the page', () => {
    const markdown = summaryMarkdown(summary({ slowdown: 0.08 }, '--base <img src=x>|`a`'));
    expect(markdown).not.toContain('<img');
    expect(markdown).toContain('&#60;img src=x&#62;\\|\\`a\\`');
    expect(markdown).toContain('| `tcp/depth=16,sessions=200` | `throughput_ops_per_s` |');
  });

  it('is a test per metric in JUnit: failed, passed, or skipped when inconclusive', () => {
    const failed = summaryJunit(summary({ slowdown: 0.08 }));
    expect(failed).toContain('tests="2" failures="1" errors="0" skipped="0"');
    expect(failed).toMatch(/name="throughput_ops_per_s"><failure message="[^"]*confirmed/);
    expect(summaryJunit(summary({}))).toContain('tests="2" failures="0" errors="0" skipped="0"');
    const measured = [sampleHeader(), sampleInvocation(0), sampleInvocation(1)];
    const undecided = judgeRaw([...measured, { kind: 'end', why: 'budget' }]).file;
    expect(summaryJunit(summariseVerdict(undecided))).toContain('failures="0" errors="0" skipped="2"');
    // The metric is decided, and the verdict is not.
    expect(summaryJunit(summary({ dropped: 7 }))).toContain('failures="0" errors="0" skipped="1"');
  });

  it('fails no metric where the control has taken the verdict away', () => {
    const file = verdictFile({ slowdown: 0.08 });
    const taken = summariseVerdict({ ...file, verdict: 'inconclusive', exitCode: 4 });
    expect(taken.rows.map(({ finding }) => finding)).toEqual(['inconclusive']);
    expect(summaryJunit(taken)).toContain('failures="0" errors="0" skipped="2"');
  });

  it('fails in JUnit for a lost message, though no metric failed, and writes what XML can hold', () => {
    const lost = summary({ lost: 1 });
    expect(summaryJunit(lost)).toMatch(
      /classname="gate" name="verdict"><failure message="fail: 1 messages lost/,
    );
    const odd = summaryJunit({ ...lost, reasons: ['a "quoted" <tag> & \u0000\u001b[31m\n next'] });
    expect(odd).toContain('a &#34;quoted&#34; &#60;tag&#62; &#38;   [31m&#10; next');
  });
});
