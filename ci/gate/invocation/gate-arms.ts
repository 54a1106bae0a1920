/** The processes that a gate compares. `control` is the base a second time, to see what the machine calls a difference. */
export const GATE_ARMS = ['base', 'candidate', 'control'] as const;
export type GateArm = (typeof GATE_ARMS)[number];

/** What is compared with the base: the candidate, and in every fourth invocation the control. */
export type GateSide = Exclude<GateArm, 'base'>;
