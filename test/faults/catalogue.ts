import { MODEL_ROWS } from './model-faults.ts';
import type { NamedFault } from './named-fault.ts';
import { SERVER_ROWS } from './server-faults.ts';

/** All faults of the kit. */
export const FAULTS: readonly NamedFault[] = [...MODEL_ROWS, ...SERVER_ROWS];

/** The faults of these names. Throws for one that there is not. */
export function faultsNamed(names: readonly string[]): readonly NamedFault[] {
  return names.map((name) => {
    const fault = FAULTS.find((one) => one.name === name);
    if (!fault) throw new Error(`There is no fault "${name}". See: npm run -s faults -- list`);
    return fault;
  });
}

export function isPlayedOn(on: 'stand-in' | 'real', { only }: NamedFault): boolean {
  return only === undefined || only.on === on;
}
