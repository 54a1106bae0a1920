import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileProblemsError } from './file-problem.js';
import { loadScenario, loadScenarioFile, type Scenario, ScenarioNotFoundError } from './scenario-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-scenario-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const GOOD = `name: sample
title: A sample
arms: [native, baseline]
cases:
  tcp:
    checks:
      - { id: fast, metric: throughput_ops_per_s, against: baseline, ratioMin: 2 }
  tcp/depth=16: {}
`;

function load(text: string | Buffer): Scenario {
  const path = join(folder, 'sample.yaml');
  writeFileSync(path, text);
  return loadScenarioFile(path);
}

/** `line:column message` of every problem, in file order. */
function problems(text: string | Buffer): string[] {
  try {
    load(text);
  } catch (error) {
    expect(error).toBeInstanceOf(FileProblemsError);
    return [...(error as FileProblemsError).problems]
      .sort((a, b) => a.line - b.line || a.column - b.column)
      .map((problem) => `${problem.line}:${problem.column} ${problem.message}`);
  }
  return [];
}

describe('a scenario file', () => {
  it('says which arms are scraped and how, and finds what is wrong with it', () => {
    const scraped = `${GOOD}windowMs: 1000\nslotSeconds: 12\nscrapes:\n  native: { connections: 100 }\n`;
    const scrape = { connections: 100, scrapesPerSecond: null, path: '/metrics', healthPath: null };
    expect(load(scraped)).toMatchObject({ windowMs: 1000, slotSeconds: 12, scrapes: { native: scrape } });
    expect(load(GOOD)).toMatchObject({ windowMs: undefined, slotSeconds: undefined, scrapes: {} });
    expect(problems(scraped.replace('native: { c', 'limit: { c'))).toEqual([
      '12:3 limit is not an arm of any case',
    ]);
    expect(problems(scraped.replace('100 }', '0, path: metrics }'))).toHaveLength(2);
    const split = (name: string) => scraped.replace('tcp/depth=16: {}', `${name}: { split: true }`);
    expect(problems(split('tcp/depth=16'))).toEqual([
      '8:3 native is scraped; neither split nor findSessions goes with that',
    ]);
    expect(problems(split('tcp/load=open,rate=5').replace('native: { c', 'baseline: { c'))).toEqual([
      expect.stringMatching(/^8:3 baseline is scraped/),
      expect.stringMatching(/^8:34 only load closed and stream can be split/),
    ]);
  });

  it('may have a case in fewer rounds, but for work over threads', () => {
    expect(load(GOOD.replace('tcp/depth=16: {}', 'tcp/depth=16: { rounds: 5 }')).cases).toMatchObject([
      expect.not.objectContaining({ rounds: expect.anything() }),
      { rounds: 5 },
    ]);
    expect(problems(GOOD.replace('tcp/depth=16: {}', 'tcp/depth=16: { rounds: 4 }'))).toEqual([
      expect.stringMatching(/^8:27 cases\.tcp\/depth=16\.rounds: /),
    ]);
    const threads = 'none/load=threads,work=map';
    expect(problems(GOOD.replace('tcp/depth=16: {}', `${threads}: { rounds: 5 }`))).toEqual([
      expect.stringMatching(/^8:41 work over threads takes part in every round/),
    ]);
  });

  it('may say what was announced for its work', () => {
    const claim = "announced: '50 K → 150 K ops/s (3×)'\n";
    expect(load(GOOD.replace('arms:', `${claim}arms:`)).announced).toBe('50 K → 150 K ops/s (3×)');
    expect(load(GOOD).announced).toBeUndefined();
    expect(problems(GOOD.replace('arms:', 'announced: "a\\nb"\narms:'))).toEqual([
      expect.stringMatching(/^3:12 announced: .*one line without control characters/),
    ]);
  });

  it('loads, with cases resolved from their names', () => {
    const scenario = load(GOOD);
    expect(scenario.cases.map((each) => each.name)).toEqual(['tcp', 'tcp/depth=16']);
    expect(scenario.cases[1].parameters).toMatchObject({ depth: 16, sessions: 1000, load: 'closed' });
    expect(scenario.cases[0].checks[0]).toMatchObject({ arm: 'native', against: 'baseline', ratioMin: 2 });
    expect(scenario.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('reports every problem at once with line, column and caret', () => {
    const text = GOOD.replace('title: A sample', 'titel: A sample\ntitle: 5')
      .replace('ratioMin: 2', 'ratioMin: many')
      .replace('tcp/depth=16:', 'tcp/depht=16:');
    const found = problems(text);
    expect(found).toEqual([
      expect.stringMatching(/^2:1 unknown key "titel"; did you mean "title"\?/),
      expect.stringMatching(/^3:8 title: expected a value of type string; got a number: 5$/),
      expect.stringMatching(
        /^8:80 cases\.tcp\.checks\.0\.ratioMin: expected a value of type number; got a string/,
      ),
      expect.stringMatching(/^9:3 unknown parameter "depht"; did you mean "depth"/),
    ]);
    expect(() => load(text)).toThrow(/sample\.yaml:3:8: title.*\n {3}3 \| title: 5\n {5}\| {8}\^/);
  });

  it('names unknown parameters, wrong order and defaults repeated in a case name', () => {
    const found = problems(
      GOOD.replace('tcp/depth=16:', 'tcp/depht=16: {}\n  tcp/sessions=2,depth=3: {}\n  tcp/depth=1:'),
    );
    expect(found).toEqual([
      '8:3 unknown parameter "depht"; did you mean "depth"?',
      '9:3 a case is named by the parameters that differ from the defaults, keys sorted: write "tcp/depth=3,sessions=2"',
      '10:3 a case is named by the parameters that differ from the defaults, keys sorted: write "tcp"',
    ]);
  });

  it('refuses values out of range and loads that contradict themselves', () => {
    expect(problems(GOOD.replace('depth=16', 'depth=0'))[0]).toMatch(
      /depth is a whole number from 1 to 4096/,
    );
    expect(problems(GOOD.replace('depth=16', 'load=open'))[0]).toMatch(/needs a rate/);
    expect(problems(GOOD.replace('depth=16', 'rate=5'))[0]).toMatch(
      /rate belongs to load open, paced, storm; under load=closed it stays 0/,
    );
  });

  it('refuses checks that cannot be judged', () => {
    expect(problems(GOOD.replace('against: baseline', 'against: limit'))[0]).toMatch(
      /limit is not an arm of this case/,
    );
    expect(problems(GOOD.replace(', ratioMin: 2', ''))[0]).toMatch(/exactly one of ratioMin/);
    expect(problems(GOOD.replace('against: baseline, ', ''))[0]).toMatch(/a ratio needs "against"/);
    expect(problems(GOOD.replace('throughput_ops_per_s', 'throughput'))[0]).toMatch(/expected one of/);
  });

  it('refuses keys that reach for the prototype, wherever they stand', () => {
    const found = problems(`${GOOD}  __proto__: { arms: [native] }
constructor: 1
`);
    expect(found).toEqual([
      '9:3 the key "__proto__" is not allowed',
      '10:1 the key "constructor" is not allowed',
    ]);
    expect(({} as { arms?: string[] }).arms).toBeUndefined();
  });

  it('refuses an alias bomb without expanding it', () => {
    const levels = 'abcdefghij'.split('');
    const bomb = levels.map((name, index) => {
      const items =
        index === 0
          ? '"lol"'
          : Array(9)
              .fill(`*${levels[index - 1]}`)
              .join(', ');
      return `${name}: &${name} [${items}]`;
    });
    expect(problems(`${GOOD}${bomb.join('\n')}\n`)[0]).toMatch(/more than 32 aliases/);
    const recursive = `${GOOD}loop: &loop [*loop]\n`;
    expect(problems(recursive).length).toBeGreaterThan(0);
  });

  it('refuses 10 MB before parsing', () => {
    const before = process.memoryUsage().heapUsed;
    expect(problems(Buffer.alloc(10 * 1024 * 1024, 0x61))).toEqual([
      '1:1 the file has 10485760 bytes; a scenario has at most 1048576',
    ]);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('refuses deep nesting, bad syntax, bad UTF-8, several documents and an empty file', () => {
    expect(problems('['.repeat(200_000)).length).toBeGreaterThan(0);
    expect(problems('a: [1, 2\nb: 3\n')[0]).toMatch(/^\d+:\d+ /);
    expect(problems(Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]))).toEqual([
      '1:1 the file is not valid UTF-8',
    ]);
    expect(problems(`${GOOD}---\nname: other\n`).length).toBeGreaterThan(0);
    expect(problems('')[0]).toMatch(/the file: expected a value of type object; got null/);
  });

  it('refuses duplicate keys and a name that is not the file’s', () => {
    expect(problems(`${GOOD}title: again\n`)[0]).toMatch(/^9:1 /);
    expect(problems(GOOD.replace('name: sample', 'name: other'))).toEqual([
      '1:7 the name is the file\'s: sample; got "other"',
    ]);
  });

  it('shows no control characters of a hostile file', () => {
    try {
      load(GOOD.replace('A sample', '"\\e[31mred\\a"').replace('arms:', 'x\u001b[2J: 1\narms:'));
      expect.unreachable();
    } catch (error) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the absence of control characters is what is tested
      expect((error as Error).message).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    }
  });
});

describe('a scenario name', () => {
  it('is looked up in the folder and never used as a path', () => {
    writeFileSync(join(folder, 'sample.yaml'), GOOD);
    expect(loadScenario(folder, 'sample').name).toBe('sample');
    for (const name of ['../sample', 'sample.yaml', '/etc/passwd', './sample', 'sample\0', '__proto__']) {
      expect(() => loadScenario(folder, name)).toThrow(ScenarioNotFoundError);
    }
    expect(() => loadScenario(folder, 'smaple')).toThrow(/did you mean "sample"\?/);
  });

  it('inside a file may not lead elsewhere either', () => {
    expect(problems(GOOD.replace('name: sample', 'name: ../../etc/sample'))[0]).toMatch(/lower-case words/);
    writeFileSync(join(folder, 'suite-x.yaml'), GOOD.replace('name: sample', 'name: suite-x'));
    expect(() => loadScenario(folder, 'suite-x')).toThrow(/and not beginning with "suite-"/);
  });
});

it('ships scenarios that load', () => {
  const shipped = loadScenario(join(import.meta.dirname, '..'), 'concurrent-1k');
  expect(shipped.cases.length).toBeGreaterThan(3);
});
