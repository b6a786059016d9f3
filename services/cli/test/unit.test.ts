// What needs no process of its own: each would load the same modules once more.
import './number-option.unit.ts';
import './operators.unit.ts';
import './prompts.unit.ts';
import './quotas.unit.ts';
import './read-json.unit.ts';
import './reasons.unit.ts';
