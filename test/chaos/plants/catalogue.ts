import { abortPastGate } from './abort-past-gate.ts';
import { ackBeforePublish } from './ack-before-publish.ts';
import { claimWithoutEpoch } from './claim-without-epoch.ts';
import { createBeforeCommit } from './create-before-commit.ts';
import { dispatchFencePlain } from './dispatch-fence-plain.ts';
import { epochCheckDropped } from './epoch-check-dropped.ts';
import { gapInStream } from './gap-in-stream.ts';
import { gateFencePlain } from './gate-fence-plain.ts';
import { inboxCheckDropped } from './inbox-check-dropped.ts';
import { newsDropped } from './news-dropped.ts';
import { noSelfFence } from './no-self-fence.ts';
import { promptPastGate } from './prompt-past-gate.ts';
import { promptSentAgain } from './prompt-sent-again.ts';
import { publishBeforeCommit } from './publish-before-commit.ts';
import { relayByPosition } from './relay-by-position.ts';
import { repeatedNewsSent } from './repeated-news-sent.ts';
import { replyBeforeCommit } from './reply-before-commit.ts';
import { slowReaderKept } from './slow-reader-kept.ts';
import type { Plant } from './plant.ts';

/** Every defect that the harness has to notice. */
export const PLANTS: readonly Plant[] = [
  epochCheckDropped,
  publishBeforeCommit,
  replyBeforeCommit,
  createBeforeCommit,
  inboxCheckDropped,
  dispatchFencePlain,
  gateFencePlain,
  relayByPosition,
  noSelfFence,
  ackBeforePublish,
  claimWithoutEpoch,
  promptSentAgain,
  newsDropped,
  promptPastGate,
  abortPastGate,
  slowReaderKept,
  repeatedNewsSent,
  gapInStream,
];

/** The plants of these names, all of them without any. Throws for a name that there is not. */
export function plantsNamed(names: readonly string[]): readonly Plant[] {
  if (names.length === 0) return PLANTS;
  return names.map((name) => {
    const plant = PLANTS.find((one) => one.name === name);
    if (plant) return plant;
    throw new Error(`There is no plant "${name}". There are: ${PLANTS.map((one) => one.name).join(', ')}.`);
  });
}
