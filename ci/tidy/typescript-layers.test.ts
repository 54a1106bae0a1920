import { expect, test } from 'vitest';
import { findingsIn } from './temporary-tree.js';
import { typescriptLayers } from './typescript-layers.js';

const harness = {
  'scenarios/harness/record.ts': '',
  'scenarios/harness/planner.ts': "import { createServer } from '../../core/index.js';\n",
  'core/index.ts': '',
};

test('core imports nothing of ours but core, and no package', () => {
  const found = findingsIn(typescriptLayers, {
    ...harness,
    'core/session.ts': [
      "import { on } from 'node:events';",
      "import { x } from './index.js';",
      "import type { Record } from '../scenarios/harness/record.js';",
      "import { z } from 'zod';",
    ].join('\n'),
    'core/session.test.ts': "import { test } from 'vitest';\n",
  });
  expect(found).toEqual([
    'core/session.ts:3 core may not import scenarios/harness/record.ts',
    'core/session.ts:4 core is what users install, and has no dependencies: "zod" is neither of Node.js nor of core',
  ]);
});

test('reports know what a gate wrote and its statistics, and nothing that measures or builds', () => {
  const found = findingsIn(typescriptLayers, {
    'ci/gate/verdict/gate-verdict.ts': '',
    'ci/gate/invocation/raw-file.ts': '',
    'ci/gate/invocation/run-invocation.ts': '',
    'ci/gate/measure-gate.ts': '',
    'ci/history/history-view.ts': '',
    'ci/history/remember-gate.ts': '',
    'reports/gate/page.ts': [
      "import '../../ci/gate/verdict/gate-verdict.js';",
      "import '../../ci/gate/invocation/raw-file.js';",
      "import '../../ci/history/history-view.js';",
      "import '../../ci/gate/invocation/run-invocation.js';",
      "import '../../ci/gate/measure-gate.js';",
      "import '../../ci/history/remember-gate.js';",
    ].join('\n'),
  });
  expect(found.map((line) => line.split(' ')[0])).toEqual([
    'reports/gate/page.ts:4',
    'reports/gate/page.ts:5',
    'reports/gate/page.ts:6',
  ]);
});

test('reports know the record of the harness and nothing else of it', () => {
  const found = findingsIn(typescriptLayers, {
    ...harness,
    'reports/view.ts': "import type { Run } from '../scenarios/harness/record.js';\nimport './scale.js';\n",
    'reports/scale.ts': "export { plan } from '../scenarios/harness/planner.js';\n",
    'reports/late.ts': "const core = await import('../core/index.js');\n",
  });
  expect(found.map((line) => line.split(' ')[0])).toEqual(['reports/late.ts:1', 'reports/scale.ts:1']);
});

test('ci knows the harness, and neither arms nor reports', () => {
  const found = findingsIn(typescriptLayers, {
    ...harness,
    'scenarios/arms/native.ts': '',
    'reports/html.ts': '',
    'ci/gate.ts':
      "import '../scenarios/harness/planner.js';\nimport '../scenarios/arms/native.js';\nimport '../reports/html.js';\n",
  });
  expect(found).toEqual([
    'ci/gate.ts:2 ci may not import scenarios/arms/native.ts',
    'ci/gate.ts:3 ci may not import reports/html.ts',
  ]);
});

test('a command entry file imports anything and is imported by its own test alone', () => {
  const found = findingsIn(typescriptLayers, {
    ...harness,
    'reports/html.ts': '',
    'scenarios/commands/scenario.ts': "import '../../reports/html.js';\n",
    'scenarios/commands/scenario.test.ts': "import './scenario.js';\n",
    'scenarios/harness/run.ts': "import '../commands/scenario.js';\n",
  });
  expect(found.map((line) => line.split(' ')[0])).toEqual(['scenarios/harness/run.ts:1']);
});

test('the package name stands for core; comments and quoted code are no imports', () => {
  const found = findingsIn(typescriptLayers, {
    ...harness,
    'reports/a.ts': "import { HighPerformanceTransport } from 'msgtrans';\n",
    'suites/b.ts': "import { HighPerformanceTransport } from 'msgtrans';\n// import '../ci/gate.js'\n",
    'suites/c.ts': 'const text = "import \'../ci/gate.js\'";\nconst other = `import("../ci/gate.js")`;\n',
  });
  expect(found).toEqual(['reports/a.ts:1 reports may not import core/index.ts']);
});

test('suites use core, the harness and how arms start, not the arms and commands of scenarios', () => {
  const found = findingsIn(typescriptLayers, {
    ...harness,
    'scenarios/arms/native.ts': '',
    'scenarios/arms/registry.ts': '',
    'suites/d.ts': "import '../scenarios/arms/registry.js';\n",
    'suites/a.ts': "import '../scenarios/harness/record.js';\nimport '../scenarios/arms/native.js';\n",
    'suites/b.ts': "import '../reports/html.js';\n",
    'scenarios/harness/c.ts': "import '../../suites/a.js';\n",
    'reports/html.ts': '',
  });
  expect(found.map((line) => line.split(' ')[0])).toEqual([
    'scenarios/harness/c.ts:1',
    'suites/a.ts:2',
    'suites/b.ts:1',
  ]);
});
