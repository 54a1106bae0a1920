import { describe, expect, it } from 'vitest';
import { prometheusText } from './prometheus-text.js';

describe('the text for Prometheus', () => {
  it('has help, type and lines of every metric', () => {
    expect(
      prometheusText([
        { name: 'a_total', help: 'Counts.', type: 'counter', samples: [{ value: 3 }] },
        {
          name: 'b_seconds',
          help: 'Takes time.',
          type: 'histogram',
          samples: [
            { suffix: '_bucket', labels: { le: '+Inf' }, value: 1 },
            { suffix: '_sum', value: 0.5 },
          ],
        },
      ]),
    ).toBe(
      [
        '# HELP a_total Counts.',
        '# TYPE a_total counter',
        'a_total 3',
        '# HELP b_seconds Takes time.',
        '# TYPE b_seconds histogram',
        'b_seconds_bucket{le="+Inf"} 1',
        'b_seconds_sum 0.5',
        '',
      ].join('\n'),
    );
  });

  it('escapes what would end a line or a label', () => {
    const text = prometheusText([
      {
        name: 'a',
        help: 'one\ntwo\\',
        type: 'gauge',
        samples: [{ labels: { l: 'x"\\\n', m: '' }, value: 1e21 }],
      },
    ]);
    expect(text.split('\n')).toEqual([
      String.raw`# HELP a one\ntwo\\`,
      '# TYPE a gauge',
      String.raw`a{l="x\"\\\n",m=""} 1e+21`,
      '',
    ]);
  });

  it('writes numbers as Prometheus reads them', () => {
    const values = [0, -1.5, 2.5e-6, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    const text = prometheusText([
      { name: 'a', help: 'h', type: 'gauge', samples: values.map((value) => ({ value })) },
    ]);
    expect(text.split('\n').slice(2, -1)).toEqual([
      'a 0',
      'a -1.5',
      'a 0.0000025',
      'a +Inf',
      'a -Inf',
      'a NaN',
    ]);
  });
});
