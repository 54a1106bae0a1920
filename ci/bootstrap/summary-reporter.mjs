/**
 * A vitest reporter that counts, and leaves the counts where `test-run.mjs` finds them: it prints them last, after
 * everything else that the run has to say. A file that failed to load counts as one failure.
 */
import { writeFileSync } from 'node:fs';

export default class SummaryReporter {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<unknown>} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const summary = {
      passed: 0,
      failed: unhandledErrors.length,
      skipped: 0,
      skippedNames: /** @type {string[]} */ ([]),
    };
    for (const module of modules) {
      let failedHere = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') summary.passed += 1;
        else if (state === 'failed') failedHere += 1;
        else {
          summary.skipped += 1;
          summary.skippedNames.push(`${module.relativeModuleId} > ${test.fullName}`);
        }
      }
      summary.failed += failedHere === 0 && module.state() === 'failed' ? 1 : failedHere;
    }
    const file = process.env.MSGTRANS_TEST_SUMMARY;
    if (file !== undefined) writeFileSync(file, JSON.stringify(summary));
  }
}
