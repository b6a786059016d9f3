import { readFile } from 'node:fs/promises';
import { InvalidError } from '@oio/errors';
import type { Environment } from './connect.ts';
import { pathFromHere } from './path-from-here.ts';

/** What a JSON file holds, for the server to judge. Throws `InvalidError` that names the file. */
export async function readJson<T>(file: string, environment: Environment): Promise<T> {
  const text = await readFile(pathFromHere(file, environment), 'utf8').catch((error: Error) => {
    throw new InvalidError(`A JSON file was expected in ${file}, and it cannot be read: ${error.message}`);
  });
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new InvalidError(`${file} does not hold JSON: ${(error as Error).message}`);
  }
}
