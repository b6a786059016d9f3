import { newSession, type Violation, violationsOf } from '../../src/index.ts';

export const LEAST = { title: 'Mend the parser', prompt: 'Mend it.' };

/** What is wrong about it. */
export function violations(input: unknown): Violation[] {
  const result = newSession.safeParse(input);
  return result.success ? [] : violationsOf(result.error);
}
