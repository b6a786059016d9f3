import type { NewSession, Violation } from '@oio/contracts';

/** A session that is to begin later than this is taken for a mistake. */
const MOST_YEARS = 10;

/** What is wrong about the times of a submission at the instant `now`. Not a rule of the contract: history is read later. */
export function timeViolations(
  { start, notBefore }: Pick<NewSession, 'start' | 'notBefore'>,
  now: string,
): Violation[] {
  if (!notBefore) return [];
  const refused = (code: string, message: string): Violation[] => [{ field: 'notBefore', code, message }];
  if (!start)
    return refused(
      'contradiction',
      'notBefore says when the session starts by itself; start: false says that it does not.',
    );
  if (notBefore < now)
    return refused('past', `notBefore must not be in the past; it is ${now}, and ${notBefore} came.`);
  if (notBefore > yearsAfter(now, MOST_YEARS))
    return refused('too_late', `notBefore must be at most ${MOST_YEARS} years ahead; ${notBefore} came.`);
  return [];
}

function yearsAfter(now: string, years: number): string {
  const instant = new Date(now);
  instant.setUTCFullYear(instant.getUTCFullYear() + years);
  return instant.toISOString();
}
