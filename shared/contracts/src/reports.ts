import { z } from 'zod';
import { reportedJson, reportedObject, reportedText } from './json.ts';
import { workspaceInUse } from './new-session.ts';
import { stopProof } from './stop-proof.ts';
import { failure, resourceUsage, resumePoint, tokenUsage } from './usage.ts';

/** What an opencode-gateway tells the owner of a session about an attempt. `token` says which run of which attempt; a stale one is refused. */
const token = z.string();

/** A finished agent step: one answer of the model, with the tools that it used. */
export const finishedStep = z.object({
  stepId: z.string(),
  finish: reportedText,
  tools: z.array(reportedText).max(200),
  tokens: tokenUsage,
  costUsd: z.number().min(0),
  /** Calls that failed before the one that was answered. */
  apiErrors: z.int().min(0),
  /** provider/model, as OpenCode says it. */
  model: reportedText.nullable().default(null),
});
export type FinishedStep = z.output<typeof finishedStep>;

export const reportPrepared = z.object({ token, workspace: workspaceInUse, resume: resumePoint });
export const reportStep = z.object({ token, step: finishedStep, resume: resumePoint });
export const reportDegraded = z.object({ token, failure });
export const reportRecovered = z.object({ token });
export const reportWarning = z.object({
  token,
  type: z.string(),
  message: reportedText,
  context: reportedObject('context').default({}),
});
export const reportCompleted = z.object({
  token,
  /** Steps that were not reported one by one; known ones are dropped. */
  steps: z.array(finishedStep).max(1_000),
  resume: resumePoint,
  result: reportedJson,
  commit: z.string().nullable(),
});
export const reportFailed = z.object({
  token,
  steps: z.array(finishedStep).max(1_000),
  resume: resumePoint.nullable(),
  failure,
  /** For how long the provider asked not to be bothered again. */
  retryAfterMs: z.number().min(0).nullable().optional(),
  /** Whether nobody has shown that nothing of the run works any more; it is looked for then. */
  mayStillRun: z.boolean().optional(),
  /** What shows that nothing works any more, where it had to be ended. */
  stop: stopProof.optional(),
});
/** What the server took on which the attempt ran alone. */
export const reportResources = z.object({ token, resources: resourceUsage });
/** The run is over and nothing of it works any more, after a stop, pause or cancel. */
export const reportClosed = z.object({ token, proof: reportedText, stop: stopProof.optional() });
/** The run was to be ended, and nobody could show in time that it has. The search for a proof goes on. */
export const reportUnconfirmed = z.object({ token, failure });
