/** A speed that is promised of two cores which are otherwise quiet. A busy machine misses it without anything being wrong. */
export interface Target {
  readonly name: string;
  readonly figure: number;
  readonly limit: number;
  readonly unit: 'ms' | '%' | '';
  readonly isMet: boolean;
}
