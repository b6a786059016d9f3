/** What operators see and set, in one process. */
import './operation/dead-letters.ts';
import './operation/order-limit.ts';
import './operation/refusal-counts.ts';
import './operation/servers.ts';
