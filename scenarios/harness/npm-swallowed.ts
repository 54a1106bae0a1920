import { OPTIONS } from './options.js';

/** A command by its `npm run` name, with its options. */
export interface NpmCommand {
  name: string;
  options: Readonly<Record<string, { type: 'boolean' | 'string'; value: string }>>;
}

const SCENARIO: NpmCommand = { name: 'scenario', options: OPTIONS };

/**
 * npm keeps options that stand without "--" for itself: `npm run scenario x --repeat 5` reaches the command as the
 * words `x 5` and `npm_config_repeat=true`. A run that silently ignores an option is worse than none, so the case is
 * recognised and the line as it should have been is given back.
 */
export function swallowedByNpm(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  command: NpmCommand = SCENARIO,
): string | null {
  if (environment.npm_lifecycle_event !== command.name) return null;
  const { options } = command;
  const positionals = args.filter((word) => !word.startsWith('-'));
  const subject = positionals[0];
  const strays = positionals.slice(1);
  const swallowed: string[] = [];
  const withoutValue: string[] = [];
  for (const name of Object.keys(options)) {
    // progress=false in a user's own .npmrc is common and would look the same; ignoring it does no harm.
    if (name === 'no-progress') continue;
    const value = environment[`npm_config_${name.replaceAll('-', '_')}`];
    if (value === undefined || value === '' || value === 'false') continue;
    if (options[name].type === 'boolean') swallowed.push(`--${name}`);
    else if (value === 'true') withoutValue.push(name);
    else swallowed.push(`--${name} ${value}`);
  }
  for (const name of withoutValue) {
    // With several values astray nobody can tell whose they were.
    const value = withoutValue.length === 1 ? strays[0] : undefined;
    swallowed.push(`--${name} ${value ?? options[name].value}`);
  }
  if (swallowed.length === 0) return null;
  const rest = args.filter((word) => word.startsWith('-'));
  const words = [`npm run ${command.name}`, subject ?? '', '--', ...rest, ...swallowed].filter(
    (word) => word !== '',
  );
  return words.join(' ');
}
