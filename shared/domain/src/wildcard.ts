/**
 * Whether a text matches a pattern in which `*` stands for any text and `?` for any character. As in OpenCode, an end of " *"
 * may be missing: "ls *" is "ls" too. Takes no longer than the product of the lengths, whatever the pattern.
 */
export function matchesWildcard(text: string, pattern: string): boolean {
  return matches(text, pattern) || (pattern.endsWith(' *') && matches(text, pattern.slice(0, -2)));
}

function matches(text: string, pattern: string): boolean {
  let [at, next] = [0, 0];
  // Where the last star stands, and up to where it has taken the text.
  let [star, taken] = [-1, 0];
  while (at < text.length) {
    if (pattern[next] === '*') {
      [star, taken] = [next, at];
      next += 1;
    } else if (pattern[next] === '?' || pattern[next] === text[at]) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      taken += 1;
      [at, next] = [taken, star + 1];
    } else return false;
  }
  return /^\**$/.test(pattern.slice(next));
}
