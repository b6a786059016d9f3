import type { Status } from '@oio/contracts';

/** How a status is shown: the hue to start from and a symbol. Source: the domain specification, section 2. */
export const STATUS_DISPLAY: Readonly<Record<Status, { readonly colour: string; readonly symbol: string }>> = {
  pending: { colour: '#6B7280', symbol: '○' },
  queued: { colour: '#3B82F6', symbol: '◷' },
  running: { colour: '#10B981', symbol: '▶' },
  paused: { colour: '#F59E0B', symbol: '⏸' },
  completed: { colour: '#059669', symbol: '✔' },
  partially_completed: { colour: '#D97706', symbol: '◐' },
  failed: { colour: '#DC2626', symbol: '✘' },
  timeout: { colour: '#7C3AED', symbol: '⧗' },
  stopped: { colour: '#4B5563', symbol: '■' },
  cancelled: { colour: '#374151', symbol: '⊘' },
  orphaned: { colour: '#9333EA', symbol: '◌' },
  degraded: { colour: '#F97316', symbol: '▲' },
};
