import { describe, expect, it } from 'vitest';
import { reportPath, routeOf } from './request-route.js';

const PORT = 8417;
const ask = (target: string, method = 'GET', rawHeaders = ['Host', `127.0.0.1:${PORT}`]) =>
  routeOf({ method, target, rawHeaders }, PORT);

describe('what a request asks for', () => {
  it('is the list, or the report of a run or a gate by its name', () => {
    expect(ask('/')).toEqual({ kind: 'index' });
    expect(ask('/?x=1', 'HEAD')).toEqual({ kind: 'index' });
    expect(ask('/', 'GET', ['hOsT', `LOCALHOST:${PORT}`])).toEqual({ kind: 'index' });
  });

  it.each(['a', '..', '../x', '"><img src=x>', '%2e', 'ä b', 'a/b'])(
    'gives the name %j back as it was',
    (name) => {
      for (const kind of ['runs', 'gates'] as const) {
        expect(ask(reportPath(kind, name))).toEqual({ kind, name });
      }
    },
  );

  it.each([
    '/runs/../report.html',
    '/runs/%2e%2e/report.html',
    '/runs/%252e%252e/report.html',
    '/gates/..%2f..%2fetc%2fpasswd/report.html',
  ])('takes %s for a name at most, never for a way', (target) => {
    const route = ask(target);
    // The server compares it with the names of folders, of which none is like that.
    expect(route).toMatchObject({ name: expect.stringMatching(/\.\.|%2e%2e/) });
  });

  it.each([
    ['/runs/a/record.json', 404],
    ['/gates/a/verdict.json', 404],
    ['/gates/a/invocations.ndjson', 404],
    ['/history.ndjson', 404],
    ['/constructor/a/report.html', 404],
    ['/runs/a/', 404],
    ['/runs/a/b/report.html', 404],
    ['/../../etc/passwd', 404],
    ['/%2e%2e/%2e%2e/etc/passwd', 404],
    ['/runs/%zz/report.html', 404],
    ['/runs/%ff/report.html', 404],
    ['http://127.0.0.1/', 400],
    ['*', 400],
    [`/${'a'.repeat(3000)}`, 400],
  ])('refuses %s', (target, status) => {
    expect(ask(target)).toMatchObject({ kind: 'refused', status });
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'get'])('refuses %s', (method) => {
    expect(ask('/', method)).toMatchObject({ kind: 'refused', status: 405 });
  });

  it.each([
    [['Host', 'evil.example'], 403],
    [['Host', `evil.example:${PORT}`], 403],
    [['Host', '127.0.0.1'], 403],
    [['Host', `127.0.0.1:${PORT + 1}`], 403],
    [['Host', `127.0.0.1:${PORT}.evil.example`], 403],
    [['Host', ''], 403],
    [[], 400],
    [['Host', `localhost:${PORT}`, 'host', 'evil.example'], 400],
  ])('refuses the headers %j before it looks at anything else', (headers, status) => {
    expect(ask('/', 'POST', headers)).toMatchObject({ kind: 'refused', status });
  });
});
