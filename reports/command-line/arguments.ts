import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ReportError } from '../record-file/report-error.js';

type Options = NonNullable<ParseArgsConfig['options']>;

export interface ReportArguments {
  values: Record<string, string | boolean | undefined>;
  positionals: string[];
}

/** `util.parseArgs` whose refusals are usage errors of ours. @throws ReportError `ERR_REPORT_USAGE` */
export function reportArguments(args: string[], options: Options): ReportArguments {
  try {
    const parsed = parseArgs({ args, options, allowPositionals: true, strict: true });
    return { values: parsed.values as ReportArguments['values'], positionals: parsed.positionals };
  } catch (error) {
    throw new ReportError('ERR_REPORT_USAGE', (error as Error).message, { cause: error });
  }
}
