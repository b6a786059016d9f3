import type { Parking } from './parking.ts';

/** Told of what nobody else learns of: errors of handlers, and what was dropped. */
export type Report = (error: unknown, subject: string) => void;

/** Whom a bus tells what no caller learns. */
export interface Operator {
  /** What the bus is called, such as the service that it belongs to. */
  readonly name: string;
  readonly report: Report;
  readonly parking: Parking;
}
