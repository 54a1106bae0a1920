/**
 * The entry that `map` itself has under this name. Names of cases, arms, metrics and gauges come from records, and what every
 * object inherits (`constructor`, `toString`) is no entry.
 */
export function entryOf<Value>(
  map: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined {
  return map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;
}
