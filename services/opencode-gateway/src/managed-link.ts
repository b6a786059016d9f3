import { join } from 'node:path';
import type { Logger } from '@oio/runtime';
import { OpencodeAgentServer } from './adapters/opencode-agent-server.ts';
import { openCodeConfig } from './agents/open-code-config.ts';
import { modelRef } from './catalogue.ts';
import type { OpencodeGatewayConfig, OpencodeGatewaySetting } from './config.ts';
import type { ManagedServer } from './managed-server/managed-server.ts';
import { startManagedServer } from './managed-server/start-managed-server.ts';
import { superviseServer } from './managed-server/supervise-server.ts';
import { createServerLink, type SettableServerLink } from './server-link.ts';

export interface ManagedLink extends AsyncDisposable {
  readonly link: SettableServerLink;
  /** An empty directory of the server's own, to ask it things that concern no project. */
  readonly neutralDirectory: string;
}

/** Starts the managed server, keeps it running and keeps the link up to date. Throws `StartupError`. */
export async function startManagedLink(
  config: OpencodeGatewayConfig,
  setting: OpencodeGatewaySetting,
  logger: Logger,
): Promise<ManagedLink> {
  let link: SettableServerLink | null = null;
  let agent: OpencodeAgentServer | null = null;

  const supervised = await superviseServer({
    start: () => start(config, setting),
    onUp(server) {
      agent = new OpencodeAgentServer({ url: server.url, password: server.password });
      link ??= createServerLink(server.id);
      link.set(agent, { restarted: !server.adopted });
      logger.info(
        { serverId: server.id, url: server.url, pid: server.pid, adopted: server.adopted },
        'opencode server up',
      );
    },
    onDown(reason, retryMs) {
      void agent?.[Symbol.asyncDispose]();
      agent = null;
      link?.set(null, { restarted: false });
      logger.error({ reason, retryMs }, 'opencode server down');
    },
  });
  if (!link) throw new Error('The supervisor returned before the server was up.');

  return {
    link,
    neutralDirectory: join(setting.serverDirectory, 'cwd'),
    async [Symbol.asyncDispose]() {
      await agent?.[Symbol.asyncDispose]();
      await supervised.stop();
    },
  };
}

function start(config: OpencodeGatewayConfig, setting: OpencodeGatewaySetting): Promise<ManagedServer> {
  return startManagedServer({
    directory: setting.serverDirectory,
    ...(config.OPENCODE_PORT && { port: config.OPENCODE_PORT }),
    config: openCodeConfig({
      ...(setting.providers && { providers: setting.providers }),
      model: setting.model ? modelRef(setting.model) : null,
    }),
    environment: setting.environment,
    ...(setting.authContent && { authContent: setting.authContent }),
  });
}
