import { OPTIONS } from './options.js';

export function helpText(): string {
  const options = Object.entries(OPTIONS).map(([name, { value, help }]) => {
    const option = value === '' ? `--${name}` : `--${name} ${value}`;
    return option.length > 24 ? `  ${option}\n  ${' '.repeat(24)} ${help}` : `  ${option.padEnd(24)} ${help}`;
  });
  return `Measures a scenario: every arm under the same work, side by side, every message accounted for.

  npm run scenario NAME                    a full run
  npm run scenario NAME -- --quick         a short one that judges no numbers
  npm run scenario -- --list               the scenarios

Options (behind "--", or npm keeps them for itself):
${options.join('\n')}

Results go to standard output, progress to standard error. Record (JSON) and report (HTML) go to
runs/<UTC>-<scenario>-<seed>/; runs/latest links the newest. MSGTRANS_RUNS_DIR moves runs/.

Exit codes: 0 pass · 1 error · 2 usage, scenario file · 3 slower than the stored baseline · 4 inconclusive ·
5 baseline missing or incompatible · 6 a check failed (lost messages, errors; with --strict missed numbers) ·
130 interrupted

Examples:
  npm run scenario concurrent-1k -- --case 'tcp/depth=16' --arm native,limit --repeat 5
  npm run scenario concurrent-1k -- --profile flame --case 'tcp/depth=16'
  npm run scenario concurrent-1k -- --set sessions=200 --case tcp --duration 1s --seed 7
`;
}
