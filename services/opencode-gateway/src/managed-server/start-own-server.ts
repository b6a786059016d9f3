import { openCodeConfig } from '../agents/open-code-config.ts';
import { modelRef } from '../catalogue.ts';
import type { OpencodeGatewaySetting } from '../config.ts';
import type { ManagedServer } from './managed-server.ts';
import { startManagedServer } from './start-managed-server.ts';

export interface OwnServer extends Omit<OpencodeGatewaySetting, 'serverDirectory'> {
  readonly directory: string;
  readonly port: number | undefined;
  readonly entrances?: readonly string[];
  readonly startupMs?: number;
}

/** Starts or adopts one of the OpenCode servers of the settings. Throws `StartupError`. */
export function startOwnServer({
  directory,
  port,
  providers,
  model,
  environment,
  authContent,
  entrances = [],
  startupMs,
}: OwnServer): Promise<ManagedServer> {
  return startManagedServer({
    directory,
    ...(port && { port }),
    config: openCodeConfig({ ...(providers && { providers }), model: model ? modelRef(model) : null }),
    environment,
    entrances,
    ...(startupMs && { startupMs }),
    ...(authContent && { authContent }),
  });
}
