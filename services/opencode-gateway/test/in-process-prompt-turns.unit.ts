import test from 'ava';
import { createInProcessPromptTurns } from '../src/in-process-prompt-turns.ts';
import { promptTurnsContract } from './support/prompt-turns-contract.ts';

promptTurnsContract(test, () => {
  let nowMs = 0;
  return {
    open: (rate) => createInProcessPromptTurns(rate, () => nowMs),
    passMs: async (ms) => {
      nowMs += ms;
    },
  };
});
