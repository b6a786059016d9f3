import type { AttemptOrder } from '@oio/contracts';
import type { Bus } from '@oio/messaging';
import type { Clock, Logger } from '@oio/runtime';
import type { ApprovalRecords } from '../approvals/approval-records.ts';
import type { SessionRef } from '../agent-server/sessions.ts';
import type { AwaitPromptTurn } from '../prompt-limit.ts';
import type { ServerLink } from '../server-link.ts';
import type { TurnLimits } from '../turn/turn-limits.ts';
import type { ChosenAgent } from './choose-agent.ts';
import type { KeepFiles } from './keep-files.ts';
import type { Reporter } from './report.ts';
import type { RunState } from './run-state.ts';
import type { EndTurnProcesses } from './stop-turn.ts';
import type { TurnHealth } from './turn-health.ts';

/** What a turn is driven with. */
export interface TurnParts {
  readonly link: ServerLink;
  readonly bus: Bus;
  readonly order: AttemptOrder;
  readonly ref: SessionRef;
  /** Whether the conversation is the one that earlier attempts of the session had. */
  readonly sameConversation: boolean;
  /** Whether a predecessor may have sent the prompt, or may be about to. */
  readonly isPrepared: boolean;
  readonly chosen: ChosenAgent;
  readonly reporter: Reporter;
  readonly health: TurnHealth;
  readonly limits: TurnLimits;
  readonly state: RunState;
  readonly awaitPromptTurn: AwaitPromptTurn;
  readonly files: KeepFiles;
  readonly endProcesses: EndTurnProcesses;
  readonly records: ApprovalRecords;
  /** Shows the database's time. */
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}
