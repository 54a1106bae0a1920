import { dirname } from 'node:path';
import { isOwnText, isTest } from './file-kinds.js';
import type { Finding, Rule } from './problem.js';
import { findLines } from './source-lines.js';
import type { Tree } from './tree.js';

/** Homes of people and of build machines. */
const homeFolder = /(?<![\w.$}/-])\/(?:home|Users|root|builds)\/[\w.-]+/;
const registryAddress = /https?:\/\/(?:registry\.|[\w.-]*\b(?:artifactory|nexus|verdaccio)\b)[\w.:/-]*/i;

function escapePattern(text: string): string {
  return text.replace(/[.*+?^$()|[\]{}\\]/g, '\\$&');
}

/** The folder this checkout lies in, unless it is one that everybody has. */
function checkoutFolder(root: string): RegExp | undefined {
  const folder = dirname(root);
  return ['/', '/tmp', '/opt', '/srv', '/var/tmp'].includes(folder) || folder.startsWith('/tmp/')
    ? undefined
    : new RegExp(`(?<![\\w.-])${escapePattern(folder)}/[\\w.-]+`);
}

function checkFile(tree: Tree, file: string, checkout: RegExp | undefined): Finding[] {
  const pathMessage = (match: RegExpMatchArray) => `"${match[0]}" exists on one machine only`;
  const found = [
    ...findLines(tree, file, homeFolder, pathMessage),
    ...findLines(tree, file, registryAddress, (match) => `"${match[0]}" names a package registry`),
    ...(checkout === undefined ? [] : findLines(tree, file, checkout, pathMessage)),
  ];
  // Tests may look for fixtures beside the checkout and do without; anything else has to make sense alone.
  if (isTest(file)) return found;
  const outside = /(?<![\w.])(?:\.\.\/)+shared\//;
  return [
    ...found,
    ...findLines(tree, file, outside, (match) => `"${match[0]}" lies outside this repository`),
  ];
}

/** The repository makes sense on every machine: no paths and no registry addresses of the one it was written on. */
export const machineTraces: Rule = {
  name: 'machine-traces',
  check(tree) {
    const checkout = checkoutFolder(tree.root);
    const found = tree.files.filter(isOwnText).flatMap((file) => checkFile(tree, file, checkout));
    if (!tree.files.includes('package-lock.json')) return found;
    const lock = findLines(tree, 'package-lock.json', /"resolved":/, () => {
      return 'an address of a registry: run `npm install --package-lock-only --omit-lockfile-registry-resolved`';
    });
    return [...found, ...lock.slice(0, 1)];
  },
};
