import { openCodeConfig } from '../agents/open-code-config.ts';
import { modelRef } from '../catalogue.ts';
import type { OpencodeGatewayConfig, OpencodeGatewaySetting } from '../config.ts';
import type { ManagedServer } from './managed-server.ts';
import { startManagedServer } from './start-managed-server.ts';

/** Starts or adopts the OpenCode server of the settings. Throws `StartupError`. */
export function startOwnServer(config: OpencodeGatewayConfig, setting: OpencodeGatewaySetting): Promise<ManagedServer> {
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
