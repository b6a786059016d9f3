import { EXIT_CODE } from '@oio/errors';
import test from 'ava';
import { failedStart, modelSettings } from '../support/orchestrator.ts';
import { model, orchestrator, place } from './fixture.ts';

test.serial('a second orchestrator on the same data directory is refused, and the first goes on', async (t) => {
  const { code, output } = await failedStart(place, modelSettings(model));
  t.is(code, EXIT_CODE.unavailable, output);
  t.regex(output, new RegExp(`already in use by process ${orchestrator.pid}`));
  t.notRegex(output, /\n\s+at .+:\d+/);
  t.is((await orchestrator.client.ready()).status, 'ready');
});
