import type { ServerView } from '@oio/contracts';
import type { Client } from '@oio/sdk';

const EVERY_MS = 2_000;
const MEBIBYTE = 2 ** 20;

/** One look at a managed server. */
export interface Sample {
  /** Since the first look. */
  readonly atSeconds: number;
  readonly serverId: string;
  /** Tells one start of the server from the next. */
  readonly startedAt: string | null;
  /** Of its whole process tree; what its processes share counts once. */
  readonly memoryMb: number;
  readonly databaseMb: number;
  readonly directories: number;
  readonly running: number;
}

/** Looks at the managed servers again and again, as an operator sees them, until it is disposed of. */
export class ServerSamples implements Disposable {
  readonly all: Sample[] = [];
  readonly #client: Client;
  readonly #beganAtMs = performance.now();
  readonly #timer = setInterval(() => void this.#look().catch(() => {}), EVERY_MS);

  constructor(client: Client) {
    this.#client = client;
  }

  /** The most memory that all had together. */
  get peakTogetherMb(): number {
    const together = Object.values(Object.groupBy(this.all, ({ atSeconds }) => atSeconds));
    return Math.max(0, ...together.map((some = []) => some.reduce((sum, { memoryMb }) => sum + memoryMb, 0)));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { servers } = await this.#client.listServers();
    const atSeconds = Math.round((performance.now() - this.#beganAtMs) / 1_000);
    this.all.push(...servers.map((server) => sampleOf(server, atSeconds)));
  }
}

function sampleOf(server: ServerView, atSeconds: number): Sample {
  const { id, startedAt, memoryBytes, databaseBytes, directories, running } = server;
  return {
    atSeconds,
    serverId: id,
    startedAt,
    memoryMb: mebibytes(memoryBytes),
    databaseMb: mebibytes(databaseBytes),
    directories: directories ?? 0,
    running,
  };
}

function mebibytes(bytes: number | null): number {
  return Math.round((bytes ?? 0) / MEBIBYTE);
}
