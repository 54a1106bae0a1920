import type { RunRecord } from '../../scenarios/harness/record.js';
import { checkView } from './check-view.js';
import { ledgerView } from './ledger-view.js';
import { methodsView } from './methods-view.js';
import { noiseView } from './noise-view.js';
import { provenanceView } from './provenance-view.js';
import type { Section } from './section-view.js';

export function checkSection(record: RunRecord): Section {
  const view = checkView(record);
  const tables = view.table.rows.length > 0 ? [view.table] : [];
  return { title: 'Checks', sentence: view.sentence, tables, folded: view.passed };
}

export function ledgerSection(record: RunRecord): Section {
  const view = ledgerView(record);
  return { title: 'Ledger', sentence: view.sentence, tables: [view.table] };
}

export function noiseSection(record: RunRecord): Section {
  const view = noiseView(record);
  return { title: 'Noise', sentence: view.sentence, tables: [view.blocks, view.spread] };
}

export function provenanceSection(record: RunRecord): Section {
  const view = provenanceView(record);
  return {
    title: 'Environment and provenance',
    sentence: view.sentence,
    tablesLayout: 'multiples',
    tables: view.tables,
  };
}

export function methodsSection(record: RunRecord): Section {
  const view = methodsView(record);
  return { title: 'Methods', sentence: view.sentence, terms: view.terms, notes: record.notes ?? [] };
}
