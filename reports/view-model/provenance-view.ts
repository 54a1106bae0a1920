import type { RunRecord } from '../../scenarios/harness/record.js';
import { NOT_AVAILABLE, percent } from '../numbers/digits.js';
import { durationText, utcMinute } from '../numbers/moment.js';
import { withUnit } from '../numbers/scale.js';
import { type TableView, tableView } from './table-view.js';

export interface ProvenanceView {
  sentence: string;
  tables: TableView[];
}

const SHORT_HASH = 12;

export function shortCommit(record: RunRecord): string {
  const { commit, dirty } = record.build;
  if (commit === null) return NOT_AVAILABLE;
  return dirty ? `${commit.slice(0, SHORT_HASH)} with changes` : commit.slice(0, SHORT_HASH);
}

function pairs(caption: string, entries: [string, string][]): TableView {
  return tableView({ caption, columns: ['Fact', '~Value'], rows: entries });
}

export function provenanceView(record: RunRecord): ProvenanceView {
  const { machine, build } = record;
  const cores = `${machine.cores} ${machine.cores === 1 ? 'core' : 'cores'}`;
  return {
    sentence: `Measured on ${utcMinute(record.startedAt)} in ${durationText(record.startedAt, record.finishedAt)} on ${machine.cpuModel}, ${cores}, Node ${machine.node.replace(/^v/, '')}, at commit ${shortCommit(record)}.`,
    tables: [
      pairs('Machine', [
        ['Processor', machine.cpuModel],
        ['Cores', String(machine.cores)],
        ['NUMA nodes', String(machine.numaNodes)],
        ['Memory', withUnit('bytes', machine.memoryBytes)],
        ['Kernel', machine.kernel],
        ['Node', machine.node],
        ['V8', machine.v8],
        ['Noise of an integer loop', percent(machine.aluNoisePercent)],
        ['Fingerprint', machine.fingerprint],
      ]),
      pairs('Build', [
        ['Commit', build.commit ?? `${NOT_AVAILABLE}: outside a git checkout`],
        ['Working tree', build.dirty ? 'changed' : 'clean'],
        ['Sources of native/', build.nativeHash],
        ['Sources of the baseline', build.baselineHash],
        ['Compiler', build.compiler],
      ]),
      pairs('Run', [
        ['Scenario', record.scenario],
        ['Scenario hash', record.scenarioHash],
        ['Seed', String(record.seed)],
        ['Options', optionsText(record.options)],
        ['Started', record.startedAt],
        ['Finished', record.finishedAt],
        ['Exit code', String(record.exitCode)],
        ['Record format', record.schema],
      ]),
    ],
  };
}

function optionsText(options: Record<string, unknown>): string {
  const parts = Object.entries(options).map(([key, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${key}=${text}`;
  });
  return parts.join(' ') || 'defaults';
}
