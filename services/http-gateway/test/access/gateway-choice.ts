import { diffWorkspace, inspectPlace, type Problem, serverAnnounced } from '@oio/contracts';
import { gatewayAddress } from '@oio/ownership';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { aRunningSession } from '../support/a-session.ts';
import { type Api, draft, startApi, withDatabase } from '../support/start-api.ts';

const database = withDatabase(test);

test('what a session has changed is asked of a gateway that was heard of, not of the group', async (t) => {
  await using api = await startApi(database());
  await serveGateway(api);
  const { id } = await aRunningSession(api);
  const isFromG = eventually(
    async () => {
      announce(api);
      const { diff } = (await (await api.fetch(`/v1/sessions/${id}/diff`)).json()) as { diff: { patch: string } };
      return diff.patch === 'from g';
    },
    { what: 'the answer of the gateway that was heard of' },
  );
  await t.notThrowsAsync(isFromG);
});

test('an impossible place is asked of a gateway that was heard of, not of the group', async (t) => {
  await using api = await startApi(database());
  await serveGateway(api);
  const isSaidByG = eventually(
    async () => {
      announce(api);
      const response = await api.fetch('/v1/sessions', { json: draft({ title: '', directory: '/srv/other' }) });
      const { violations } = (await response.json()) as Problem;
      return violations?.some(({ message }) => message === 'g says so.');
    },
    { what: 'the answer of the gateway that was heard of' },
  );
  await t.notThrowsAsync(isSaidByG);
});

async function serveGateway({ bus }: Api): Promise<void> {
  const violations = [{ field: 'directory', code: 'not_found', message: 'g says so.' }];
  const diff = { files: [], patch: 'from g', truncated: false };
  await bus.serve(inspectPlace, async () => ({ place: null, violations }), { at: gatewayAddress('g') });
  await bus.serve(diffWorkspace, async () => ({ diff }), { at: gatewayAddress('g') });
}

function announce({ bus }: Api): void {
  const server = { serverId: 'opencode-1', healthy: true, capacity: 1, accepting: true, version: null, detail: null };
  bus.announce(serverAnnounced, { ...server, gateway: 'g' });
}
