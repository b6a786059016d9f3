import test from 'ava';
import { totalsOf } from './total-invariants.ts';

test('totals are read by name and status, and summed over all other labels', (t) => {
  const text = `# TYPE oio_sessions_accepted_total counter
oio_sessions_accepted_total{type="code",priority="high"} 3
oio_sessions_accepted_total{type="code",priority="low"} 4
oio_session_transitions_total{to="queued"} 12
oio_session_transitions_total{to="running"} 10
oio_session_steps_total 5
oio_sessions{status="queued"} 2
`;
  t.deepEqual(
    [...totalsOf(text)],
    [
      ['sessions_accepted_total', 7],
      ['session_transitions_total queued', 12],
      ['session_transitions_total running', 10],
      ['session_steps_total', 5],
    ],
  );
});
