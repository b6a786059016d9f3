/** A name in an environment, and the setting that is meant by it. */
export interface Misspelled {
  readonly name: string;
  readonly meant: string;
}

/** The names that are no setting but one letter away from one: added, left out, another, or two the wrong way round. */
export function misspelled(
  settings: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): readonly Misspelled[] {
  return Object.keys(environment).flatMap((name) => {
    const meant = settings.includes(name) ? undefined : settings.find((setting) => isOneLetterAway(name, setting));
    return meant === undefined ? [] : [{ name, meant }];
  });
}

function isOneLetterAway(one: string, other: string): boolean {
  const begins = sameAtStart(one, other);
  const [a, b] = [one.slice(begins), other.slice(begins)];
  if (a.slice(1) === b.slice(1) || (a.slice(2) === b.slice(2) && a[0] === b[1] && a[1] === b[0])) return true;
  return a.slice(1) === b || a === b.slice(1);
}

function sameAtStart(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}
