import type { Plant } from './plant.ts';

export const inboxCheckDropped: Plant = {
  name: 'inbox-check-dropped',
  says: 'a command that was applied is applied again',
  edits: [],
  sql: ['drop index session_events_once_per_command'],
  services: ['session-actor'],
  faults: ['pg-cut-at-commit'],
  breaks: ['I11'],
};
