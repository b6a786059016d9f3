// What needs no process of its own: each would load the same modules once more.
import './batched.unit.ts';
import './clock.unit.ts';
import './config.unit.ts';
import './ids.unit.ts';
import './logger.unit.ts';
import './misspelled.unit.ts';
import './secrets.unit.ts';
import './unless-aborted.unit.ts';
