import type { ArmRecord, RunRecord, SoakRecord } from '../../scenarios/harness/record.js';
import { exactInteger } from '../numbers/digits.js';
import { secondsText } from '../numbers/moment.js';
import { greatest } from '../numbers/order-statistics.js';
import { plural } from '../numbers/sentence.js';
import { judgedGauges, leakWords, shortGauges, unjudgedWords } from '../view-model/leak-words.js';
import { slopeText } from '../view-model/soak-tables.js';
import type { CellView } from '../view-model/table-view.js';
import { caseInWords } from './case-in-words.js';
import { missing, type StandingRow } from './standing-rows.js';
import type { Standing } from './standing-word.js';

/**
 * Three questions of a run of hours: how long it worked, whether every message is accounted for, whether anything leaks.
 *
 * @param secondsAsked what the scenario's file asks for; a shorter run leaves the question open
 */
export function soakRows(record: RunRecord, soak: SoakRecord, secondsAsked: number | null): StandingRow[] {
  return Object.entries(record.cases).flatMap(([caseName, body]) => {
    const { native, baseline } = body.arms;
    const work = caseInWords(caseName, body.parameters);
    const row = (parts: Pick<StandingRow, 'metric' | 'ours' | 'target' | 'standing'>, theirs: CellView) => ({
      caseName,
      work,
      metricDetail: '',
      others: { baseline: theirs },
      against: null,
      ratio: missing('judged by itself'),
      headline: `${parts.metric} ${parts.ours.text}`,
      ...parts,
    });
    const seconds = secondsAsked ?? soak.durationSeconds;
    const worked = secondsText(soak.measuredSeconds);
    const beside = baseline === undefined ? missing('did not run') : { text: worked };
    return [
      row(
        {
          metric: 'worked',
          ours: { text: worked, ...gapDetail(soak) },
          target: secondsText(seconds),
          standing: durationStanding(soak, seconds),
        },
        beside,
      ),
      row(
        {
          metric: 'messages delivered',
          ours: messagesCell(native),
          target: 'every message accounted for',
          standing: correctnessStanding(record, /^(ledger|errors)-native$/),
        },
        messagesCell(baseline),
      ),
      row(
        {
          metric: 'leaks',
          ours: { text: leakWords(soak), ...leakDetail(soak) },
          target: 'no leak in any gauge',
          standing: leakStanding(soak),
        },
        missing('what ours is compared with'),
      ),
    ];
  });
}

function gapDetail({ gaps, plant }: SoakRecord): { detail?: string } {
  const notes = [
    gaps.length > 0 ? plural(gaps.length, 'gap') : '',
    plant === null ? '' : `planted leak: ${plant}`,
  ];
  const detail = notes.filter((note) => note !== '').join(', ');
  return detail === '' ? {} : { detail };
}

function durationStanding({ measuredSeconds, running }: SoakRecord, seconds: number): Standing {
  if (measuredSeconds >= seconds) return { kind: 'reached', reason: null };
  return {
    kind: 'inconclusive',
    reason: running ? 'still running' : 'a shorter run than the scenario asks for',
  };
}

function messagesCell(arm: ArmRecord | undefined): CellView {
  if (arm === undefined) return missing('did not run');
  const { delivered, lost, duplicated, reordered, corrupted } = arm.ledger;
  const wrong = Math.abs(lost) + duplicated + reordered + corrupted;
  return {
    text: exactInteger(delivered),
    detail: `${exactInteger(wrong)} lost, duplicated, reordered or corrupted`,
  };
}

function correctnessStanding(record: RunRecord, ids: RegExp): Standing {
  const checks = record.checks.filter(({ kind, id }) => kind === 'correctness' && ids.test(id));
  if (checks.length === 0) return { kind: 'not-judged', reason: 'the record has no such check' };
  const broken = checks.find(({ verdict }) => verdict !== 'pass');
  return broken === undefined
    ? { kind: 'reached', reason: null }
    : { kind: 'missed', reason: broken.reason ?? broken.expression };
}

function leakStanding(soak: SoakRecord): Standing {
  const gauges = (soak.leaks.native ?? []).filter(({ verdict }) => verdict !== 'absent');
  if (gauges.some(({ verdict }) => verdict === 'leak')) return { kind: 'missed', reason: null };
  const short = shortGauges(soak);
  if (short.length > 0 || gauges.length === 0) {
    const reason = `${short.length} of ${plural(gauges.length, 'gauge')} not watched for long enough`;
    return { kind: 'inconclusive', reason };
  }
  return { kind: 'reached', reason: null };
}

/** What was too short to be judged, and how small a leak could have been and still have been found in the gauge that tells least. */
function leakDetail(soak: SoakRecord): { detail?: string } {
  const slopes = judgedGauges(soak).flatMap(({ detectableBytesPerSecond }) => detectableBytesPerSecond ?? []);
  const notes = [
    unjudgedWords(soak),
    slopes.length === 0 ? '' : `would have shown ${slopeText(greatest(slopes))} in every gauge judged`,
  ];
  const detail = notes.filter((note) => note !== '').join('; ');
  return detail === '' ? {} : { detail };
}
