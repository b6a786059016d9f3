import type { Place } from '../faults/scene.ts';

/** What a proof has found. */
export interface Findings {
  readonly ok: boolean;
  /** For a person. */
  readonly lines: readonly string[];
  /** The same for a program. */
  readonly figures: Readonly<Record<string, unknown>>;
}

export interface ProofOptions extends Place {
  readonly seed: number;
  /** How much of it: kills, sessions, or turns. */
  readonly times: number;
  /** Told how far it is. */
  readonly say: (line: string) => void;
}

export interface Proof {
  readonly shows: string;
  /** What `times` counts, and how many it is when nobody says. */
  readonly times: { readonly of: string; readonly usual: number };
  readonly run: (options: ProofOptions) => Promise<Findings>;
}
