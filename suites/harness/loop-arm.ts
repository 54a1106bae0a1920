import { loopsAddon } from '../../scenarios/harness/loops-addon.js';
import type { Made, SuiteArm, SuiteParameters } from './suite.js';

/** Arms whose loop runs in C++: `native/loops/`, through an addon that is no part of the product. */

export { type Crossings, loopsAddon } from '../../scenarios/harness/loops-addon.js';

/** The arm `name` of the loops registered under `<loops>/<name>`. */
export function loopArm(loops: string, name: string): SuiteArm {
  return { name, make: (parameters) => makeLoop(`${loops}/${name}`, parameters) };
}

export function loopArms(loops: string, names: readonly string[]): SuiteArm[] {
  return names.map((name) => loopArm(loops, name));
}

function makeLoop(name: string, parameters: SuiteParameters): Made {
  const made = loopsAddon().make(name, parameters);
  if (typeof made === 'string') return { notMeasurable: made };
  return { workload: { run: (operations) => made.run(operations), release: () => made.release() } };
}
