// What needs no process of its own: each would load the same modules once more.
import './absent-owner-directory.unit.ts';
import './in-process-owner-directory.unit.ts';
import './known-owners.unit.ts';
