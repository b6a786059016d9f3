/** What can be done with sessions, on one orchestrator and one real OpenCode server for all: their starts cost more than most tests do. */
import './sessions/control.ts';
import './sessions/checkpoints.ts';
import './sessions/prompts.ts';
import './sessions/quotas.ts';
import './sessions/schedules.ts';
import './sessions/second-start.ts';
// Last, for it reads what all of them have left in the log.
import './sessions/secrets.ts';
