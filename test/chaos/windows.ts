/** A time during which something was disturbed, in milliseconds since 1970. */
export interface Window {
  readonly fault: string;
  readonly from: number;
  readonly to: number;
}

/** Whether an instant lies in one of the windows, or less than `afterMs` behind it. */
export function isDisturbed(windows: readonly Window[], at: number, afterMs: number): boolean {
  return windows.some(({ from, to }) => at >= from && at <= to + afterMs);
}
