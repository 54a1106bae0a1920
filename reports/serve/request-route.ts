/** What a report is of. */
export type ReportKind = 'runs' | 'gates';

/** What a request asks for, or why it gets nothing. Pure: nothing is looked up on the disk here. */
export type Route =
  | { kind: 'index' }
  /** Of a run or a gate by the name of its folder, decoded once and looked up among those that are there before it is part of a path. */
  | { kind: ReportKind; name: string }
  | { kind: 'refused'; status: 400 | 403 | 404 | 405; reason: string };

export interface RequestHead {
  method: string;
  target: string;
  /** Names and values in turn, as they came. */
  rawHeaders: readonly string[];
}

const REPORT = /^\/(runs|gates)\/([^/]+)\/report\.html$/;
const TARGET_CHARACTERS_MAX = 2048;

/** The address of a report. */
export function reportPath(kind: ReportKind, name: string): string {
  return `/${kind}/${encodeURIComponent(name)}/report.html`;
}

/**
 * Judges the request in the order in which it could do harm: whom it believes to speak to, how, then what it wants.
 *
 * @param port at which the server listens
 */
export function routeOf({ method, target, rawHeaders }: RequestHead, port: number): Route {
  const hosts = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === 'host',
  );
  if (hosts.length !== 1) return refused(400, 'A request has exactly one Host header.');
  // A page of elsewhere whose name was made to point here still sends that name.
  if (!isOurs(hosts[0]!, port)) return refused(403, 'This server answers to 127.0.0.1 and localhost only.');
  if (method !== 'GET' && method !== 'HEAD') return refused(405, 'Only GET and HEAD are answered.');
  if (!target.startsWith('/') || target.length > TARGET_CHARACTERS_MAX) {
    return refused(400, `The target of a request is a path of at most ${TARGET_CHARACTERS_MAX} characters.`);
  }
  const path = target.split('?', 1)[0]!;
  if (path === '/') return { kind: 'index' };
  const [, kind, segment] = REPORT.exec(path) ?? [];
  const name = decoded(segment);
  return name === null ? refused(404, 'There is no such page.') : { kind: kind as ReportKind, name };
}

function refused(status: 400 | 403 | 404 | 405, reason: string): Route {
  return { kind: 'refused', status, reason };
}

function isOurs(host: string, port: number): boolean {
  const names = ['127.0.0.1', 'localhost'];
  const value = host.toLowerCase();
  return names.some((name) => value === `${name}:${port}` || (port === 80 && value === name));
}

/** Null where the segment is absent or not well-formed. */
function decoded(segment: string | undefined): string | null {
  if (segment === undefined) return null;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
