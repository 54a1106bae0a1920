import { mediumOf } from './medium.js';
import type { PlannedCase, PlannedServer, RunPlan } from './planner.js';

/** Which cases take part in which round, and what is started for them. */

/** In how many rounds of a run of `rounds` a case takes part. */
export function roundsOf({ rounds: wanted }: Pick<PlannedCase, 'rounds'>, rounds: number): number {
  return Math.min(wanted ?? rounds, rounds);
}

/** How many of its rounds a case has had when `round` (from 0) is over: they are spread evenly. */
export function roundsDone(planned: Pick<PlannedCase, 'rounds'>, round: number, rounds: number): number {
  return Math.floor(((round + 1) * roundsOf(planned, rounds)) / rounds);
}

export function takesPart(planned: Pick<PlannedCase, 'rounds'>, round: number, rounds: number): boolean {
  return roundsDone(planned, round, rounds) > roundsDone(planned, round - 1, rounds);
}

/** The plan with no more processes than the cases of the round need. */
export function planOfRound(plan: RunPlan, round: number, cases: readonly PlannedCase[]): RunPlan {
  const measured = cases.filter((each) => takesPart(each, round, plan.rounds));
  if (measured.length === cases.length) return plan;
  return {
    ...plan,
    servers: planServers(measured),
    generators: Math.max(1, ...measured.map((each) => each.processes.generators)),
    idle: measured.some((each) => each.name === plan.idle?.caseName) ? plan.idle : null,
  };
}

export function planServers(cases: readonly PlannedCase[]): PlannedServer[] {
  const servers: PlannedServer[] = [];
  for (const { arms, parameters, processes } of cases) {
    const medium = mediumOf(parameters.transport);
    for (const arm of arms) {
      const known = servers.find((each) => each.arm === arm && each.medium === medium);
      if (known === undefined) servers.push({ arm, medium, parts: processes.servers });
      else known.parts = Math.max(known.parts, processes.servers);
    }
  }
  return servers;
}
