import { describe, expect, it } from 'vitest';
import { typedPath } from './typed-path.js';

describe('a path as it was typed', () => {
  it('is relative to where the user stood when npm was called, else to the working folder', () => {
    expect(typedPath('out/v.json', { INIT_CWD: '/stood/here' })).toBe('/stood/here/out/v.json');
    expect(typedPath('/tmp/v.json', { INIT_CWD: '/stood/here' })).toBe('/tmp/v.json');
    for (const environment of [{}, { INIT_CWD: '' }]) {
      expect(typedPath('v.json', environment)).toBe(`${process.cwd()}/v.json`);
    }
  });
});
