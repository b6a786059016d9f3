/** What needs other processes but no OpenCode, in one process. */
import './managed-server/abandoned-dedicated.ts';
import './managed-server/end-processes.ts';
import './managed-server/end-turn-processes.ts';
import './managed-server/keep-server.ts';
import './managed-server/kept-conversations.ts';
import './managed-server/process-memory.ts';
import './managed-server/state-file.ts';
import './managed-server/supervise-server.ts';
