/**
 * P(|T| ≥ t) of Student's t with a whole number of degrees of freedom, by the finite series of Abramowitz and Stegun,
 * "Handbook of Mathematical Functions", 26.7.3 and 26.7.4. As the complement of a sum near 1 it is good to 1e-14, which is far
 * below any level that is asked for here.
 */
export function studentTail(t: number, degreesOfFreedom: number): number {
  if (!(degreesOfFreedom >= 1)) return 1;
  const angle = Math.atan(Math.abs(t) / Math.sqrt(degreesOfFreedom));
  const cosine = Math.cos(angle);
  const odd = degreesOfFreedom % 2 === 1;
  // Even: 1 + (1/2) cos² + (1·3)/(2·4) cos⁴ + …; odd: cos + (2/3) cos³ + (2·4)/(3·5) cos⁵ + …; up to cos^(ν − 2).
  let term = odd ? cosine : 1;
  let sum = degreesOfFreedom === 1 ? 0 : term;
  for (let power = odd ? 3 : 2; power <= degreesOfFreedom - 2; power += 2) {
    term *= ((power - 1) / power) * cosine * cosine;
    sum += term;
  }
  const within = odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  return Math.min(1, Math.max(0, 1 - within));
}
