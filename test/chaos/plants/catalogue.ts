import { ackBeforePublish } from './ack-before-publish.ts';
import { claimWithoutEpoch } from './claim-without-epoch.ts';
import { createBeforeCommit } from './create-before-commit.ts';
import { dispatchFencePlain } from './dispatch-fence-plain.ts';
import { epochCheckDropped } from './epoch-check-dropped.ts';
import { gateFencePlain } from './gate-fence-plain.ts';
import { inboxCheckDropped } from './inbox-check-dropped.ts';
import { noSelfFence } from './no-self-fence.ts';
import { promptSentAgain } from './prompt-sent-again.ts';
import { publishBeforeCommit } from './publish-before-commit.ts';
import { relayByPosition } from './relay-by-position.ts';
import { replyBeforeCommit } from './reply-before-commit.ts';
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
];
