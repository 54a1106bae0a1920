/** From where on a machine is too noisy to be measured on. */

/**
 * Processors of this kind change their speed by 38 % while nothing says so. Twice that spread is taken for too much: no run has
 * shown yet from where on the promise breaks, and what is below is judged by drops, control and the last look.
 */
export const ALU_NOISE_PERCENT_MAX = 76;
/** Where this much is taken away, blocks are dropped faster than they are measured. */
export const STEAL_PERCENT_MAX = 10;
