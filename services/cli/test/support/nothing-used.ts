const nothing = {
  tokens: { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
  costUsd: 0,
  apiCalls: 0,
  apiErrors: 0,
};

/** The part of a session that tells what it took, when that is nothing. */
export const nothingUsed = {
  earlierAttempts: [],
  prompts: [],
  metrics: { ...nothing, subAgents: nothing, executingSeconds: 1, result: null },
};
