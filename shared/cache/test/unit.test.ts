// What needs no process of its own: each would load the same modules once more.
import './cached.unit.ts';
import './in-process-cache.unit.ts';
