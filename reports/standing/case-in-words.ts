import { exactInteger } from '../numbers/digits.js';
import { withUnit } from '../numbers/scale.js';
import { plural } from '../numbers/sentence.js';

type Parameters = Readonly<Record<string, string | number | boolean>>;

const NO_TRANSPORT = 'no transport';
const TRANSPORTS: ReadonlyMap<string, string> = new Map([
  ['tcp', 'TCP'],
  ['mem', 'between threads'],
  ['none', NO_TRANSPORT],
]);

/**
 * What a case does, for a reader who does not know the names of its parameters. Records of older versions have fewer
 * parameters; what one does not say is left out.
 */
export function caseInWords(caseName: string, parameters: Parameters): string {
  const number = (key: string) => Number(parameters[key] ?? 0);
  const [transport] = caseName.split('/');
  const parts = [TRANSPORTS.get(transport!) ?? transport!];
  if (parameters.load === 'threads') {
    parts.push(`${parameters.work} on ${plural(number('threads'), 'thread')}`);
    return parts.filter((part) => part !== NO_TRANSPORT).join(', ');
  }
  if (caseName.includes('load=mixed')) return [...parts, 'mixed load with faults'].join(', ');
  if (number('sessions') > 0)
    parts.push(plural(number('sessions'), 'session', exactInteger(number('sessions'))));
  if (number('payloadBytes') > 0) parts.push(`payloads of ${bytesText(number('payloadBytes'))}`);
  parts.push(...loadInWords(parameters, number));
  if (parameters.reply === 'forward') parts.push('what came is sent back');
  if (parameters.touch === 'all') parts.push('every byte touched at both ends');
  if (number('killPercentPerMinute') > 0) {
    parts.push(`${number('killPercentPerMinute')} % of the sessions cut per minute`);
  }
  return parts.join(', ');
}

/** In the powers of two that payloads come in: `64 B`, `64 KB`, `1 MB`. */
function bytesText(bytes: number): string {
  if (bytes >= 1 << 20 && bytes % (1 << 20) === 0) return `${bytes / (1 << 20)} MB`;
  return bytes >= 1024 && bytes % 1024 === 0 ? `${bytes / 1024} KB` : `${bytes} B`;
}

function loadInWords(parameters: Parameters, number: (key: string) => number): string[] {
  const rate = () =>
    number('percentOfMax') > 0
      ? `at ${number('percentOfMax')} % of the most it takes`
      : `at ${withUnit('rate', number('rate')).replace('op/s', 'messages/s')}`;
  switch (parameters.load) {
    case undefined:
    case 'closed':
      return number('depth') > 0 ? [`${exactInteger(number('depth'))} in flight each`] : [];
    case 'open':
      return [`requests on a schedule ${rate()}`];
    case 'stream':
      return ['one way'];
    case 'paced':
      return [`one way ${rate()}`];
    case 'storm':
      return [`one way ${rate()}`, `storms in which ${number('stormPercent')} % reconnect`];
    case 'tick':
      return [
        `broadcasts at ${number('tickHz')} Hz to groups of ${number('groupSize')}`,
        `${number('inputsHz')} inputs/s from each`,
      ];
    default:
      return [`load ${String(parameters.load)}`];
  }
}
