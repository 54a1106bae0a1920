/**
 * Mutants of the lock-free headers: what can be weakened where, the header copies in which a model weakens it at run
 * time (`native/proofs/mutable_order.h`), and the list of those that are known to survive. Pure text.
 */

/**
 * @typedef {object} Mutant
 * @property {string} file relative to `native/`
 * @property {number} line
 * @property {string} text the line, trimmed
 * @property {number} site which access of the model; unique among the files it proves
 * @property {string} order what stands in the place of the order: a name that the model's `--mutate` knows
 * @property {string} change `release -> relaxed`; with ` #2` for the second such order of a line
 */

/** @typedef {{ file: string, text: string, change: string, reason: string, line: number }} Survivor */

/** @type {Record<string, string[]>} */
const weakerOrders = {
  acquire: ['relaxed'],
  release: ['relaxed'],
  acq_rel: ['acquire', 'release'],
  seq_cst: ['acq_rel'],
};

const site = /std::memory_order_(acquire|release|acq_rel|seq_cst)\b|\b(?:\w+::)*(light|heavy)_barrier\(\);/g;

/**
 * @param {string} file
 * @param {string} source
 * @param {number} firstSite
 * @returns {{ source: string, mutants: Mutant[], nextSite: number }} the copy to compile, and what it can be turned into
 */
export function instrument(file, source, firstSite) {
  /** @type {Mutant[]} */
  const mutants = [];
  let nextSite = firstSite;
  const lines = source.split('\n').map((line, index) => {
    const comment = line.indexOf('//');
    const code = comment < 0 ? line : line.slice(0, comment);
    /** @type {Map<string, number>} */
    const times = new Map();
    const instrumented = code.replaceAll(site, (found, order, barrier) => {
      const kind = order ?? `${barrier}_barrier`;
      const time = (times.get(kind) ?? 0) + 1;
      times.set(kind, time);
      for (const weaker of weakerOrders[kind] ?? ['none']) {
        const change = `${kind} -> ${weaker}${time > 1 ? ` #${time}` : ''}`;
        mutants.push({ file, line: index + 1, text: line.trim(), site: nextSite, order: weaker, change });
      }
      const number = nextSite++;
      return order === undefined
        ? `if (::msgtrans::proofs::barrier_stands(${number})) { ${found} }`
        : `::msgtrans::proofs::mutable_order(${number}, ${found})`;
    });
    return instrumented + line.slice(code.length);
  });
  const text = lines
    .join('\n')
    .replace('#pragma once\n', '#pragma once\n#include "proofs/mutable_order.h"\n');
  return { source: text, mutants, nextSite };
}

/**
 * @param {string} source of a model
 * @returns {string[]} the files that its first lines say it proves: `// proves: sync/a.h, sync/b.h`
 */
export function provenFiles(source) {
  return [...source.matchAll(/^\/\/ proves: (.+)$/gm)].flatMap((match) =>
    (match[1] ?? '').split(',').map((file) => file.trim()),
  );
}

/**
 * One survivor a line, `file | line of code | change | reason`; empty lines and those that begin with # say nothing.
 * @param {string} text
 * @returns {Survivor[]}
 */
export function readSurvivors(text) {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const parts = line.split(' | ').map((part) => part.trim());
    const [file, code, change, reason] = parts;
    if (!file || !code || !change || !reason || parts.length !== 4) {
      throw new Error(`survivors.txt:${index + 1}: not "file | line of code | change | reason": ${line}`);
    }
    return [{ file, text: code, change, reason, line: index + 1 }];
  });
}

/**
 * @param {{ file: string, text: string, change: string }} mutant
 * @returns {string} the same for a mutant and for its line in the list of survivors, wherever the code has moved to
 */
export function keyOf({ file, text, change }) {
  return `${file} | ${text} | ${change}`;
}
