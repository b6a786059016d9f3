/** A time during which something was disturbed, in milliseconds since 1970. */
export interface Window {
  readonly fault: string;
  readonly from: number;
  readonly to: number;
}
