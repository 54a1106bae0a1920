/** Case patterns: `*` stands for any run of characters, `?` for one; everything else for itself. */
export function matchesGlob(pattern: string, text: string): boolean {
  // Two pointers with one remembered star: linear space, no regular expression built from user input.
  let p = 0;
  let t = 0;
  let star = -1;
  let retry = 0;
  while (t < text.length) {
    if (p < pattern.length && (pattern[p] === '?' || (pattern[p] === text[t] && pattern[p] !== '*'))) {
      p++;
      t++;
    } else if (pattern[p] === '*') {
      star = p++;
      retry = t;
    } else if (star >= 0) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
