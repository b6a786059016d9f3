/** A whole number with separators. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function dollars(value: number): string {
  return `$${value.toFixed(value >= 100 ? 2 : 4)}`;
}

export function seconds(value: number): string {
  return value < 100
    ? `${value.toFixed(1)} s`
    : `${Math.floor(value / 60)}:${String(Math.floor(value % 60)).padStart(2, '0')} min`;
}
