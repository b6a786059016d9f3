import test from 'ava';
import { AGENTS } from '../../src/agents/agents.ts';
import { openCodeConfig } from '../../src/agents/open-code-config.ts';

test('nothing of the configuration waits for somebody, shares, updates or keeps what is kept already', (t) => {
  const config = openCodeConfig({});
  t.like(config, { autoupdate: false, share: 'disabled', snapshot: false, default_agent: 'industrial-coder' });
  t.notRegex(JSON.stringify(config), /"ask"/);
  for (const permission of [config['permission'], ...Object.values(AGENTS).map((agent) => agent.permission)]) {
    t.like(permission, { external_directory: 'deny', question: 'deny' });
  }
});

test('the reviewer may change nothing', (t) => {
  t.like(AGENTS['meticulous-reviewer'].permission, { edit: 'deny', bash: 'deny', task: 'deny' });
});

test('providers and model are passed on', (t) => {
  const providers = { fake: { name: 'Fake' } };
  const config = openCodeConfig({ providers, model: { providerId: 'openrouter', modelId: 'meta/llama-4:free' } });
  t.like(config, { provider: providers, model: 'openrouter/meta/llama-4:free' });
});
