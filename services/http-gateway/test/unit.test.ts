// What needs no process of its own: each would load the same modules once more.
import './api-key.unit.ts';
import './history-pages.unit.ts';
import './in-portions.unit.ts';
import './openapi.unit.ts';
import './stream-reader.unit.ts';
