import { z } from 'zod';
import { json, reportedObject, reportedText } from './json.ts';
import { quotaReset } from './quotas.ts';

/** How many there are of something. */
export const count = z.int().min(0);

/** Tokens of a step, an attempt or a session. */
export const tokenUsage = z.object({
  input: count,
  output: count,
  reasoning: count,
  cacheRead: count,
  cacheWrite: count,
});
export type TokenUsage = z.output<typeof tokenUsage>;

export const noTokens: TokenUsage = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 };

/** What an attempt took of the machine. */
export const resourceUsage = z.object({
  /** Of one core, on average; null where nobody counts it. */
  cpuPercent: z.number().min(0).nullable(),
  /** The most that it ever took. */
  memoryMb: z.number().min(0),
  diskMb: z.number().min(0),
});
export type ResourceUsage = z.output<typeof resourceUsage>;

/** What a retry needs to go on from a checkpoint. */
export const resumePoint = z.object({
  openCodeSessionId: z.string().nullable(),
  /** The last finished assistant message of OpenCode. */
  lastMessageId: z.string().nullable(),
  /** The git commit that holds the files; null where there is no git, or where they could not be kept. */
  fileSnapshot: z.string().nullable(),
  todos: z.array(z.object({ content: reportedText, status: reportedText })).max(200),
  tokens: tokenUsage,
  costUsd: z.number().min(0),
});
export type ResumePoint = z.output<typeof resumePoint>;

/** A checkpoint; `sequence` is 1, 2, 3 … and never reused. */
export const checkpoint = z.object({
  sequence: z.int().min(1),
  timestamp: z.iso.datetime(),
  /**
   * `step`: after a finished agent step. `interval`: the time-out between two. `request`: somebody asked. `prepared`: before
   * the prompt. `revert`: after the session was taken back.
   */
  origin: z.enum(['prepared', 'step', 'interval', 'request', 'revert']),
  attempt: z.int().min(0),
  data: json,
  resume: resumePoint,
});
export type Checkpoint = z.output<typeof checkpoint>;

/** Why a session did not end well. `code` is a key of the domain's failure table. */
export const failure = z.object({
  code: z.string(),
  message: reportedText,
  /** Whether it is known to pass by itself, so that it is retried automatically. */
  transient: z.boolean(),
  context: reportedObject('context').optional(),
  /** Of a provider that named a time. */
  quota: quotaReset.optional(),
});
export type Failure = z.output<typeof failure>;

export const warning = z.object({
  type: z.string(),
  message: reportedText,
  timestamp: z.iso.datetime(),
  context: reportedObject('context').default({}),
});
export type Warning = z.output<typeof warning>;
