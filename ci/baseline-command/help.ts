/** What each subcommand takes and does: the help of the whole is made from these. */
export const SUBCOMMAND_HELP = {
  save: `npm run baseline -- save NAME [RECORD]
    Adds a run of a scenario or suite to the baseline NAME: its ratios native ÷ baseline with their intervals, per case and metric.
    RECORD is a record file, the folder of a run, or a run's name under runs/; default: the newest run.
    Refused are runs that were quick, profiled, interrupted or failed, or whose build had uncommitted changes.
    From five runs on a comparison can fail; with fewer it only warns.`,
  list: `npm run baseline -- list
    All stored baselines: scenarios and suites, runs, age, commit, machine, and whether a run of this checkout on this
    machine can be compared with them.`,
  show: `npm run baseline -- show NAME
    The runs of a baseline, and its ratios with their intervals.`,
  promote: `npm run baseline -- promote NAME [--accept-regression REASON]
    Makes NAME the build that others are compared with over a long time. The anchor is the fastest build that
    was promoted in the last 90 days. A build whose interval lies below the anchor's is refused (exit 3), and so
    is one that cannot be compared with it (exit 5).
    --accept-regression REASON promotes it all the same; the reason stays in ci/baselines/history.ndjson, and
    what was promoted before no longer counts.`,
  rm: `npm run baseline -- rm NAME [--force]
    Removes the baseline NAME with all its files; not the anchor, nor the one promoted last, but with --force.`,
  verify: `npm run baseline -- verify [NAME]
    Checks schema and checksum of every file, and the history of promotions; prints every problem.`,
} as const;

export type SubcommandName = keyof typeof SUBCOMMAND_HELP;

const ENDING = `Baselines lie in ci/baselines/ (MSGTRANS_BASELINES_DIR moves that) and belong into git. A run adds to one with
npm run scenario SCENARIO -- --save-baseline NAME, or npm run suite SUITE -- --save-baseline NAME, and is compared with
one by --baseline NAME.

Exit codes: 0 done · 1 error, or refused · 2 usage · 3 slower than the anchor · 5 a baseline or record is missing,
damaged or incompatible.`;

export function baselineHelp(subcommand: SubcommandName | null): string {
  const parts = subcommand === null ? Object.values(SUBCOMMAND_HELP) : [SUBCOMMAND_HELP[subcommand]];
  return `${parts.join('\n')}\n\n${ENDING}`;
}
