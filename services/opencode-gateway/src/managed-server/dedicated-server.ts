import { join } from 'node:path';
import type { AttemptOrder } from '@oio/contracts';
import { failureOf } from '@oio/domain';
import type { Logger } from '@oio/runtime';
import { RunFailure } from '../attempts/run-failure.ts';
import { SupersededError } from '../attempts/run-gate.ts';
import type { Cgroup, CgroupLimits } from '../cgroups/cgroup.ts';
import type { Cgroups } from '../cgroups/find-cgroups.ts';
import type { Linked } from '../fleet.ts';
import { createDirectoryOpener } from '../open-directory.ts';
import type { AgentServer } from '../ports.ts';
import { createServerLink } from '../server-link.ts';
import type { ManagedServer } from './managed-server.ts';
import { endTurnProcesses } from './end-turn-processes.ts';
import { directoryBytes } from './server-usage.ts';
import { ServerKeptError } from './server-kept-error.ts';
import { type SupervisedServer, superviseServer } from './supervise-server.ts';

/** How often it is looked whether processes were killed for want of memory. */
const WATCH_MS = 250;
const STARTUP_MS = 60_000;
const MEBIBYTE = 2 ** 20;

/** What the attempt of a session with limits runs on, and nobody else. */
export interface DedicatedServer {
  /** In place of what belongs to the shared server. */
  readonly place: Pick<Linked, 'link' | 'openDirectory' | 'endProcesses'>;
  /** Aborts with a `RunFailure` when the limit of memory was reached: what is left of the attempt is worth nothing. */
  readonly broken: AbortSignal;
  resources(): Promise<{ readonly cpuPercent: number | null; readonly memoryMb: number; readonly diskMb: number }>;
  /** Ends it and all that it started. Throws when something of it is left. */
  end(): Promise<void>;
}

export interface DedicatedParts {
  /** Data directory of the managed servers; those of sessions lie in it. */
  readonly root: string;
  readonly cgroups: () => Promise<Cgroups>;
  /** Starts a server in a cgroup, or adopts the one that a killed gateway left behind. */
  readonly start: (where: {
    readonly directory: string;
    readonly entrances: readonly string[];
    readonly startupMs: number;
  }) => Promise<ManagedServer>;
  /** Gives a server that has not run yet the conversation of the session that its own goes on from, if that is on this machine. */
  readonly bring: (fork: { readonly directory: string; readonly source: string }) => Promise<void>;
  readonly connect: (server: ManagedServer) => AgentServer;
  readonly logger: Logger;
}

export type DedicatedOrder = Pick<AttemptOrder, 'sessionId' | 'forkedFrom'> & { readonly limits: CgroupLimits };

/** Where the server of a session has its data: its conversation outlives the attempt. */
export function dedicatedDirectory(root: string, sessionId: string): string {
  return join(root, 'dedicated', sessionId);
}

/** The name of the cgroup of a session's server. */
export function dedicatedCgroup(sessionId: string): string {
  return `oio-${sessionId}`;
}

/** Starts the server of an attempt in a cgroup of its own. Throws `RunFailure`, and `SupersededError` while another gateway keeps it. */
export async function openDedicatedServer(
  parts: DedicatedParts,
  { sessionId, limits, forkedFrom }: DedicatedOrder,
  signal: AbortSignal,
): Promise<DedicatedServer> {
  const cgroup = await cgroupFor(parts, sessionId, limits);
  const dedicated = new Dedicated(parts, { sessionId, limits, cgroup });
  const giveUp = () => void cgroup.end().catch(() => {});
  signal.addEventListener('abort', giveUp);
  try {
    if (forkedFrom) await dedicated.bring(forkedFrom.sessionId);
    await dedicated.begin();
    signal.throwIfAborted();
    return dedicated;
  } catch (error) {
    await dedicated.end().catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function cgroupFor({ cgroups }: DedicatedParts, sessionId: string, limits: CgroupLimits): Promise<Cgroup> {
  const { obstacles, open } = await cgroups();
  for (const name of ['cpuLimit', 'memoryLimitMb'] as const)
    if (limits[name] !== null && obstacles[name] !== null)
      throw new RunFailure(failureOf('limit_unenforceable', `${name} cannot be enforced here: ${obstacles[name]}.`));
  try {
    return open(dedicatedCgroup(sessionId), limits);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RunFailure(failureOf('limit_unenforceable', `The cgroup could not be made: ${why}.`), { cause });
  }
}

interface Subject {
  readonly sessionId: string;
  readonly limits: CgroupLimits;
  readonly cgroup: Cgroup;
}

class Dedicated implements DedicatedServer {
  readonly #parts: DedicatedParts;
  readonly #subject: Subject;
  readonly #directory: string;
  readonly #broken = new AbortController();
  readonly #link: ReturnType<typeof createServerLink>;
  readonly place: DedicatedServer['place'];
  readonly #watch: NodeJS.Timeout;
  #supervised: SupervisedServer | null = null;
  #agent: AgentServer | null = null;
  #password = '';
  #sinceMs = Date.now();
  #ending: Promise<void> | null = null;

  constructor(parts: DedicatedParts, subject: Subject) {
    this.#parts = parts;
    this.#subject = subject;
    this.#directory = dedicatedDirectory(parts.root, subject.sessionId);
    this.#link = createServerLink(`dedicated-${subject.sessionId}`);
    this.place = {
      link: this.#link,
      openDirectory: createDirectoryOpener(this.#link),
      endProcesses: async (sessions) => endTurnProcesses(this.#password, sessions),
    };
    this.#watch = setInterval(() => this.#lookAtMemory(), WATCH_MS);
  }

  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** Without it a new conversation is begun, which is told what was done. */
  async bring(source: string): Promise<void> {
    const { bring, logger } = this.#parts;
    await bring({ directory: this.#directory, source }).catch((error: unknown) => {
      logger.warn({ err: error, sessionId: this.#subject.sessionId, source }, 'conversation not copied for a fork');
    });
  }

  async begin(): Promise<void> {
    const { start } = this.#parts;
    const { cgroup, limits } = this.#subject;
    // With half a core everything takes twice as long.
    const startupMs = STARTUP_MS / Math.min(1, limits.cpuLimit ?? 1);
    try {
      this.#supervised = await superviseServer({
        start: () => start({ directory: this.#directory, entrances: cgroup.entrances, startupMs }),
        onUp: (server) => this.#up(server),
        onDown: (reason) => this.#down(reason),
      });
    } catch (error) {
      this.#lookAtMemory();
      this.#broken.signal.throwIfAborted();
      if (error instanceof ServerKeptError) throw new SupersededError(error.message, { code: 'superseded' });
      throw new RunFailure(failureOf('server_unreachable', String(error)), { cause: error });
    }
  }

  async resources() {
    const { cpuSeconds, peakBytes } = this.#subject.cgroup.usage();
    const seconds = Math.max(0.001, (Date.now() - this.#sinceMs) / 1_000);
    return {
      cpuPercent: cpuSeconds === null ? null : Math.round((cpuSeconds / seconds) * 1_000) / 10,
      memoryMb: Math.round(peakBytes / MEBIBYTE),
      diskMb: Math.round((await directoryBytes(this.#directory)) / MEBIBYTE),
    };
  }

  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    clearInterval(this.#watch);
    this.#link.set(null, { restarted: false });
    // The end by the cgroup is the one that nothing escapes; the other one before it is in order.
    await this.#supervised?.stop().catch((error: unknown) => this.#log('not stopped in order', { err: error }));
    await this.#subject.cgroup.end();
    await this.#agent?.[Symbol.asyncDispose]();
    this.#log('ended');
  }

  #up(server: ManagedServer): void {
    this.#sinceMs = server.launchedAtMs;
    this.#password = server.password;
    const old = this.#agent;
    this.#agent = this.#parts.connect(server);
    this.#link.set(this.#agent, { restarted: !server.adopted });
    void old?.[Symbol.asyncDispose]();
    this.#log('up', { pid: server.pid, adopted: server.adopted });
  }

  #down(reason: string): void {
    this.#link.set(null, { restarted: false });
    this.#log('down', { reason });
    this.#lookAtMemory();
  }

  #lookAtMemory(): void {
    const { cgroup, limits } = this.#subject;
    if (limits.memoryLimitMb === null || this.#broken.signal.aborted || cgroup.usage().memoryKills === 0) return;
    const what = `The OpenCode server of the session and what it started wanted more than ${limits.memoryLimitMb} MB of memory.`;
    this.#broken.abort(new RunFailure(failureOf('memory_limit_exceeded', what)));
  }

  #log(what: string, more: object = {}): void {
    this.#parts.logger.info({ sessionId: this.#subject.sessionId, ...more }, `dedicated opencode server ${what}`);
  }
}
