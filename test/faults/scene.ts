import type { Client } from '@oio/sdk';
import type { Clocks } from './clocks.ts';

/** Where scenes are set. */
export interface Place {
  readonly root: string;
  /** A PostgreSQL for their databases. */
  readonly postgres: string;
}

/** An orchestrator on a server that faults can be tried on. */
export interface Scene extends AsyncDisposable {
  readonly on: 'stand-in' | 'real';
  readonly client: Client;
  readonly clocks: Clocks;
  /** A directory that a session may work in. */
  newDirectory(): Promise<string>;
  readonly server: FaultyServer;
}

/** What can be done to the server of a scene, and seen of it. */
export interface FaultyServer {
  /** When the prompt of a trial came, on the real server the one that meets the fault to the model; null before that. */
  reachedAtMs(trial: Trial): number | null;
  /** Whether the turn of a trial is in its midst: on the real server its first tool is over, so that it may not run again. */
  isInMidTurn(trial: Trial): boolean;
  /** Calls meet the named fault from now on. */
  strike(fault: string): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** After a kill, where nobody else does it. */
  start(): Promise<void>;
  /** Stands still; `null` for good. */
  freeze(forMs: number | null): Promise<void>;
  /** Says something to it as another client would. */
  say(method: 'POST' | 'DELETE', path: string): Promise<void>;
  /** What is wrong with what a trial has left there; empty when all is well. */
  complaints(trial: Trial): Promise<readonly string[]>;
}

/** One injection of a fault. */
export interface Trial {
  /** In the prompt, to be told from others. */
  readonly id: string;
  /** Of ours. */
  readonly sessionId: string;
  readonly fault: string;
  /** What else the prompt says that meets the fault, which may be a sub-agent's. */
  readonly mark: string;
  readonly directory: string;
}
