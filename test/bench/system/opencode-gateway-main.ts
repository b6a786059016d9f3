import { opencodeProcessConfig, startOpencodeGateway } from '@oio/opencode-gateway';
import { runService } from '@oio/platform';
import { type Agents, createAgents } from './null-agents.ts';

// The real service, but for the connection to its servers.
const agents = process.env['BENCH_AGENTS'] as Agents;

await runService({
  service: 'opencode-gateway',
  config: opencodeProcessConfig,
  environment: process.env,
  start: (config, platform) =>
    startOpencodeGateway(
      config,
      {
        serverDirectory: config.OPENCODE_DIRECTORY,
        worktreesDirectory: config.WORKTREES_DIRECTORY,
        roots: config.WORKSPACE_ROOTS,
        model: null,
        providers: null,
        authContent: null,
        environment: process.env,
      },
      { ...platform, connect: () => createAgents(agents) },
    ),
});
