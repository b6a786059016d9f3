/** What is submitted many at a time, in one process. */
import './submission/bulk.ts';
import './submission/graphs.ts';
import './submission/idempotency-batch.ts';
