import type { Agents } from './null-agents.ts';

/** The orchestrator under load, whatever it is made of. */
export interface System extends AsyncDisposable {
  readonly url: string;
  readonly apiKey: string;
  readonly databaseUrl: string;
  /** The processes that count, by name; what they start counts with them. */
  readonly processes: Readonly<Record<string, number>>;
  /** Directories that sessions may work in, as many as there are slots. */
  readonly directories: readonly string[];
}

export interface SystemOptions {
  /** An empty directory for everything. */
  readonly directory: string;
  /** Where the directories are that sessions may work in: `projects` in the other one, unless there are sessions already. */
  readonly projects?: string;
  /** Sessions that run at the same time. */
  readonly slots: number;
  /** What the agents do: answer at once, work for about half a second, or until they are stopped. */
  readonly agents: Agents;
  /** How many session-actors, where each is a process. */
  readonly sessionActors: number;
  /** How many schedulers, where each is a process: one by default. */
  readonly schedulers?: number;
  /** Where each service process leaves its CPU profile; null for none. */
  readonly profiles: string | null;
}
