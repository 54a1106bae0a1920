import { expect, test } from 'vitest';
import { buildMore, checkTargets } from './check-builds.mjs';
import { binaryFolder } from './native-checks.mjs';
import { proofPrograms } from './proof-programs.mjs';

test('what is built ahead is what the checks run, each under its preset', () => {
  const targets = checkTargets();
  for (const [preset, ofPreset] of Object.entries(targets)) {
    expect(binaryFolder(preset)).toContain(preset);
    expect(ofPreset).toContain('native_tests');
  }
  for (const [name, { preset }] of Object.entries(proofPrograms)) expect(targets[preset]).toContain(name);
  expect(targets.asan).toContain('fuzzers');
});

test('what cannot be built is refused with the usage', async () => {
  await expect(buildMore(['everything'])).rejects.toThrow(/"everything".*usage: npm run build -- \[checks\]/);
  await expect(buildMore(['checks', 'asan'])).rejects.toThrow(/usage/);
});
