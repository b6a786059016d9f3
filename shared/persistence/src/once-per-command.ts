/** The index by which a command has one outcome at most. */
export const ONCE_PER_COMMAND = 'session_events_once_per_command';
