import type { ResourceUsage, ServerObservation } from '@oio/contracts';
import type { ManagedServer } from './managed-server.ts';

/** Counting the files of a server takes a moment. */
const COUNT_DISK_MS = 60_000;
const MEBIBYTE = 2 ** 20;

type Figures = Pick<ServerObservation, 'memoryBytes' | 'databaseBytes' | 'cpuPercent' | 'diskBytes'>;

/** A session that has had the server for itself, and what was seen of it meanwhile. */
interface Alone {
  readonly sessionId: string;
  readonly sinceMs: number;
  cpuSeconds: number;
  peakBytes: number;
}

/** What a server takes from one look to the next, and what of it a session took that was alone on it. */
export class UsageMeter {
  readonly #server: Pick<ManagedServer, 'usage' | 'diskBytes'>;
  #before: { readonly atMs: number; readonly cpuSeconds: number } | null = null;
  #diskBytes: number | null = null;
  #diskAtMs = Number.NEGATIVE_INFINITY;
  #alone: Alone | null = null;

  constructor(server: Pick<ManagedServer, 'usage' | 'diskBytes'>) {
    this.#server = server;
  }

  /** Now, at `nowMs` of a clock that only goes forward. */
  async look(nowMs: number): Promise<Figures> {
    const { memoryBytes, databaseBytes, cpuSeconds } = await this.#server.usage();
    const before = this.#before;
    this.#before = { atMs: nowMs, cpuSeconds };
    // What has ended outside of its parent takes its time with it.
    const took = before ? Math.max(0, cpuSeconds - before.cpuSeconds) : 0;
    if (this.#alone) {
      this.#alone.cpuSeconds += took;
      this.#alone.peakBytes = Math.max(this.#alone.peakBytes, memoryBytes);
    }
    this.#countDisk(nowMs);
    const cpuPercent = before ? percent(took, nowMs - before.atMs) : null;
    return { memoryBytes, databaseBytes, cpuPercent, diskBytes: this.#diskBytes };
  }

  /** Which session has it for itself from now on; null when there are several, or none. */
  noteAlone(sessionId: string | null, nowMs: number): void {
    if (this.#alone?.sessionId === sessionId) return;
    this.#alone = sessionId === null ? null : { sessionId, sinceMs: nowMs, cpuSeconds: 0, peakBytes: 0 };
  }

  /** What a session took while it was alone; null when it was not, or not for long enough to be seen. */
  tookAlone(sessionId: string, nowMs: number): ResourceUsage | null {
    const alone = this.#alone;
    if (alone?.sessionId !== sessionId || alone.peakBytes === 0 || this.#diskBytes === null) return null;
    return {
      cpuPercent: percent(alone.cpuSeconds, nowMs - alone.sinceMs),
      memoryMb: Math.round(alone.peakBytes / MEBIBYTE),
      diskMb: Math.round(this.#diskBytes / MEBIBYTE),
    };
  }

  #countDisk(nowMs: number): void {
    if (nowMs - this.#diskAtMs < COUNT_DISK_MS) return;
    this.#diskAtMs = nowMs;
    void this.#server.diskBytes().then(
      (bytes) => {
        this.#diskBytes = bytes;
      },
      () => {},
    );
  }
}

function percent(seconds: number, ofMs: number): number {
  return ofMs <= 0 ? 0 : Math.round((seconds / ofMs) * 1_000_000) / 10;
}
