/** To a tenth. */
export function quantilesOf(values: readonly number[]) {
  return {
    p5: quantile(0.05, values),
    p50: quantile(0.5, values),
    p95: quantile(0.95, values),
    max: quantile(1, values),
  };
}

/** The value that this share of all does not exceed, to a tenth; NaN of none. */
export function quantile(share: number, values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return Math.round(value * 10) / 10;
}
