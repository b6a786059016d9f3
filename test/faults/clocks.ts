import type { Bound, ClockSetting } from './named-fault.ts';

export type Clocks = Readonly<Record<ClockSetting, number>> & Readonly<Record<string, number>>;

/** Short, and each long enough to tell it from the others. */
export const STAND_IN_CLOCKS: Clocks = {
  OPENCODE_CONNECT_SECONDS: 3,
  OPENCODE_START_SECONDS: 4,
  OPENCODE_FIRST_TOKEN_SECONDS: 2,
  OPENCODE_SILENCE_SECONDS: 2,
  OPENCODE_TOOL_SECONDS: 2,
  OPENCODE_TURN_SECONDS: 10,
  OPENCODE_DOUBT_SECONDS: 2,
  OPENCODE_STOP_SECONDS: 5,
  OPENCODE_RETRY_WAIT_SECONDS: 5,
  OPENCODE_MAX_STEPS: 6,
};

/** As short as the real server allows: it stands still for eight seconds, and a managed one is given up after a minute. */
export const REAL_CLOCKS: Clocks = {
  ...STAND_IN_CLOCKS,
  OPENCODE_CONNECT_SECONDS: 120,
  OPENCODE_START_SECONDS: 60,
  OPENCODE_FIRST_TOKEN_SECONDS: 12,
  OPENCODE_SILENCE_SECONDS: 10,
  OPENCODE_TOOL_SECONDS: 10,
  OPENCODE_TURN_SECONDS: 30,
  OPENCODE_STOP_SECONDS: 20,
  // OpenCode's own pauses before it asks a provider again are shorter.
  OPENCODE_RETRY_WAIT_SECONDS: 30,
};

export function boundMs({ settings = [], fixedMs = 0 }: Bound, clocks: Clocks): number {
  return settings.reduce((sum, setting) => sum + clocks[setting] * 1_000, fixedMs);
}

export function asSettings(clocks: Clocks): Record<string, string> {
  return Object.fromEntries(Object.entries(clocks).map(([name, value]) => [name, String(value)]));
}
