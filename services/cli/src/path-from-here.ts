import { resolve } from 'node:path';
import type { Environment } from './connect.ts';

/** A path as it is seen from where the command was given: npm runs it in the directory of the repository. */
export function pathFromHere(path: string, environment: Environment): string {
  return resolve(environment['INIT_CWD'] ?? '.', path);
}
