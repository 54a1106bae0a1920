/**
 * `npm run build -- checks`: everything that the checks of the engine run, built before they are asked for, so that a
 * machine which waits for one check can build the next meanwhile.
 */
import { buildPreset } from './native-checks.mjs';
import { SetupError } from './project.mjs';
import { proofPrograms } from './proof-programs.mjs';
import { hasRelacy } from './proofs-run.mjs';

/** @returns {Record<string, string[]>} targets by preset, in the order in which `.ci/run` needs them */
export function checkTargets() {
  /** @param {string} preset */
  const programs = (preset) =>
    Object.keys(proofPrograms).filter((name) => proofPrograms[name]?.preset === preset);
  return {
    release: ['native_tests', ...(hasRelacy() ? ['proofs'] : []), ...programs('release')],
    asan: ['native_tests', 'fuzzers', ...programs('asan')],
    tsan: ['native_tests', ...programs('tsan')],
  };
}

/** @param {string[]} parameters nothing, for what users run alone, or `checks` */
export async function buildMore(parameters) {
  if (parameters.length === 0) return 0;
  if (parameters.length > 1 || parameters[0] !== 'checks')
    throw new SetupError(
      `there is nothing "${parameters.join(' ')}" to build; usage: npm run build -- [checks]`,
    );
  for (const [preset, targets] of Object.entries(checkTargets())) await buildPreset(preset, targets);
  return 0;
}
