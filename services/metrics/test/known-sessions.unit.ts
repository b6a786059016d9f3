import test from 'ava';
import { KnownSessions } from '../src/known-sessions.ts';
import { Life } from './support/life.ts';

test('who is not known and does not begin has to be read, once for a page', (t) => {
  const sessions = new KnownSessions(10);
  const [known, stranger, fresh] = [new Life().dispatch(), new Life().dispatch(), new Life().dispatch()];
  sessions.advance(known.history[0] as never);
  const page = [...known.history.slice(1), ...stranger.history.slice(1), ...fresh.history];
  t.deepEqual(
    sessions.strangers(page).map(({ sessionId, seq }) => [sessionId, seq]),
    [[stranger.id, 2]],
  );
});

test('those that were quiet for longest are forgotten, and not before they are told to be', (t) => {
  const sessions = new KnownSessions(2);
  const lives = Array.from({ length: 3 }, () => new Life().dispatch());
  const advanceTo = (at: number) => lives.map(({ history }) => sessions.advance(history[at] as never).before?.seq);
  t.deepEqual(advanceTo(0), [undefined, undefined, undefined]);
  t.deepEqual(advanceTo(1), [1, 1, 1]);
  sessions.trim();
  t.deepEqual(advanceTo(2), [undefined, 2, 2]);
});
