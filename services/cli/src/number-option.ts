import { InvalidArgumentError } from 'commander';

/** What is no number is refused as what it is: as JSON it would be null. */
export function numberOption(value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('It must be a number.');
}
