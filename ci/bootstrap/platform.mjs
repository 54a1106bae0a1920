/** Whether this machine can run the project at all. */

/** The oldest Node.js that is supported, as in `engines` of package.json. */
export const nodeFloor = '20.17.0';

/**
 * @typedef {object} Host
 * @property {string} platform `process.platform`
 * @property {string} architecture `process.arch`
 * @property {string} nodeVersion without the leading `v`
 */

/**
 * @param {string} left dotted numbers
 * @param {string} right dotted numbers
 * @returns {number} negative, zero or positive, as `left` is older than, the same as or newer than `right`
 */
export function compareVersions(left, right) {
  const [a, b] = [left, right].map((version) =>
    version.split('.').map((part) => Number.parseInt(part, 10) || 0),
  );
  for (let i = 0; i < 3; i += 1) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * @param {Host} host
 * @returns {string | undefined} one sentence, or undefined when the host will do
 */
export function hostProblem(host) {
  if (host.platform !== 'linux' || !['x64', 'arm64'].includes(host.architecture)) {
    return `msgtrans runs on Linux x64 and arm64 with glibc; this is ${host.platform} ${host.architecture}.`;
  }
  if (compareVersions(host.nodeVersion, nodeFloor) < 0) {
    return `msgtrans needs Node.js ${nodeFloor} or newer and this is ${host.nodeVersion}; install a newer one and run the command again.`;
  }
  return undefined;
}

/** @returns {Host} */
export function thisHost() {
  return { platform: process.platform, architecture: process.arch, nodeVersion: process.versions.node };
}

/**
 * Reading the C library's name takes a few milliseconds, so only a build asks for it.
 * @returns {string | undefined} one sentence where Node.js runs on another C library than glibc
 */
export function libcProblem() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  if (report.header.glibcVersionRuntime !== undefined) return undefined;
  return 'msgtrans runs on Linux with glibc; this Node.js is linked against another C library (musl?).';
}
