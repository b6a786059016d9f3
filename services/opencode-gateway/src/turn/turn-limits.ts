import { z } from 'zod';

/** What bounds a turn. Each clock ends it by a reason code of its own; the session's is `maxDurationSeconds`. */
export interface TurnLimits {
  /** For how long its server may be out of reach. */
  readonly connectMs: number;
  /** From 204 to the first sign of the run: a cold directory takes seconds. Then it is tried once more. */
  readonly startMs: number;
  /** Until a prompt that may have been handed over is stored. Then it is tried once more. */
  readonly arriveMs: number;
  readonly firstTokenMs: number;
  /** Between two pieces of one answer. */
  readonly silenceMs: number;
  /** Without a sign of a tool that runs, or of one whose input is being written: OpenCode tells nothing of that. */
  readonly toolMs: number;
  readonly turnMs: number;
  /** For how long beyond its clock a silent turn may be neither known alive nor known dead. */
  readonly doubtMs: number;
  /** OpenCode sends a heartbeat every 10 s: a stream on which nothing came for longer proves nothing by its silence. */
  readonly hearMs: number;
  /** OpenCode says idle before it stores an error; up to seconds before, when it is under load. */
  readonly settleMs: number;
  /** OpenCode obeys any `retry-after`, be it an hour. */
  readonly maxRetryWaitMs: number;
  /** An empty model answer is asked for again at once and for ever. */
  readonly maxUnknownFinishes: number;
  readonly maxSteps: number;
  /** How long a degraded session has to be well before it counts as running again. */
  readonly calmMs: number;
  /** How long it may take to show that a turn which was to be ended has ended. */
  readonly stopMs: number;
}

function seconds(byDefault: number, longest: number, what: string) {
  return z.coerce.number().min(1).max(longest).default(byDefault).describe(what);
}

/** Settings of the clocks of a turn. */
export const turnConfig = z.object({
  OPENCODE_CONNECT_SECONDS: seconds(
    300,
    3_600,
    'How long the OpenCode server of a turn may be out of reach, or leave calls without an answer (`server_unreachable`).',
  ),
  OPENCODE_START_SECONDS: seconds(
    60,
    3_600,
    'From the handing over of a prompt to the first sign that it runs; in the middle it is tried once more (`prompt_rejected`).',
  ),
  OPENCODE_FIRST_TOKEN_SECONDS: seconds(
    600,
    86_400,
    'How long a model may think before the first token of an answer (`no_first_token`).',
  ),
  OPENCODE_SILENCE_SECONDS: seconds(
    300,
    86_400,
    'How long a model may stop in the middle of an answer (`tokens_stalled`).',
  ),
  OPENCODE_TOOL_SECONDS: seconds(
    1_800,
    86_400,
    'How long a running tool may give no sign: no output, nothing from its sub-sessions (`tool_stalled`).',
  ),
  OPENCODE_TURN_SECONDS: seconds(
    86_400,
    604_800,
    'How long a turn may take in all (`turn_too_long`); a session also has its `maxDurationSeconds` (`time_exceeded`).',
  ),
  OPENCODE_DOUBT_SECONDS: seconds(
    600,
    86_400,
    'How long, beyond its clock, a silent turn may be neither known alive nor known dead, because the event stream cannot be heard (first `liveness_unknown`, then `no_progress`).',
  ),
  OPENCODE_RETRY_WAIT_SECONDS: seconds(
    120,
    86_400,
    'The longest wait for another try that a model provider may demand (`retry_wait_too_long`).',
  ),
  OPENCODE_MAX_EMPTY_ANSWERS: z.coerce
    .number()
    .int()
    .min(2)
    .max(100)
    .default(3)
    .describe('Empty answers in a row that end a turn (`empty_answers`): OpenCode asks again at once and for ever.'),
  OPENCODE_MAX_STEPS: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(500)
    .describe('The most model calls of a turn (`too_many_steps`).'),
  OPENCODE_CALM_SECONDS: seconds(
    10,
    3_600,
    'How long a degraded session has to be well before it counts as running again, so that it does not go to and fro.',
  ),
  OPENCODE_STOP_SECONDS: seconds(
    20,
    600,
    'How long it may take to show that nothing works any more of a turn that was stopped (`stop_unconfirmed`); its server is taken out of service then.',
  ),
});

export function turnLimitsOf(config: z.output<typeof turnConfig>): TurnLimits {
  const startMs = (config.OPENCODE_START_SECONDS * 1_000) / 2;
  return {
    connectMs: config.OPENCODE_CONNECT_SECONDS * 1_000,
    startMs,
    arriveMs: startMs,
    firstTokenMs: config.OPENCODE_FIRST_TOKEN_SECONDS * 1_000,
    silenceMs: config.OPENCODE_SILENCE_SECONDS * 1_000,
    toolMs: config.OPENCODE_TOOL_SECONDS * 1_000,
    turnMs: config.OPENCODE_TURN_SECONDS * 1_000,
    doubtMs: config.OPENCODE_DOUBT_SECONDS * 1_000,
    hearMs: 15_000,
    settleMs: 10_000,
    maxRetryWaitMs: config.OPENCODE_RETRY_WAIT_SECONDS * 1_000,
    maxUnknownFinishes: config.OPENCODE_MAX_EMPTY_ANSWERS,
    maxSteps: config.OPENCODE_MAX_STEPS,
    stopMs: config.OPENCODE_STOP_SECONDS * 1_000,
    calmMs: config.OPENCODE_CALM_SECONDS * 1_000,
  };
}

/** With all settings as they are when nobody sets them. */
export const DEFAULT_LIMITS: TurnLimits = turnLimitsOf(turnConfig.parse({}));
