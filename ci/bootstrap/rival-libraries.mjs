/**
 * The rivals whose headers are installed; run as a program it prints their linker flags, for native/loops/binding.gyp.
 * The sources ask for the same headers by `__has_include`, so what is linked is what is compiled in.
 */
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

const rivals = [
  { header: 'tbb/concurrent_hash_map.h', libraries: ['-ltbb'] },
  { header: 'libcuckoo/cuckoohash_map.hh', libraries: [] },
  { header: 'urcu/rculfhash.h', libraries: ['-lurcu-cds', '-lurcu-memb', '-lurcu-common'] },
];

/** None without a compiler, whose absence the build itself reports. */
export function installedRivals() {
  const compiler = process.env.CXX ?? 'g++';
  const questions = rivals.map(
    ({ header }, index) => `#if __has_include(<${header}>)\nrival_${index}\n#endif\n`,
  );
  const { stdout } = spawnSync(compiler, ['-std=c++20', '-E', '-P', '-x', 'c++', '-'], {
    input: questions.join(''),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return rivals.filter((_, index) => (stdout ?? '').includes(`rival_${index}`));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const libraries = installedRivals().flatMap((rival) => rival.libraries);
  process.stdout.write(`${libraries.join(' ')}\n`);
}
