import { resolve } from 'node:path';

/** npm runs scripts in the package's folder, and says where the user stood: what was typed is relative to that. */
export function typedFrom(environment: Readonly<Record<string, string | undefined>>): string {
  const { INIT_CWD: stood } = environment;
  return stood === undefined || stood === '' ? process.cwd() : stood;
}

export function typedPath(
  path: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return resolve(typedFrom(environment), path);
}
