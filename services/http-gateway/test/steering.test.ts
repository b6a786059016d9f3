/** What is said to sessions that run, in one process. */
import './steering/approvals.ts';
import './steering/prompts.ts';
