import { runService } from '@oio/platform';
import { opencodeProcessConfig, settingOf } from './process-config.ts';
import { startOpencodeGateway } from './service.ts';

await runService({
  service: 'opencode-gateway',
  config: opencodeProcessConfig,
  environment: process.env,
  start: async (config, platform) => startOpencodeGateway(config, await settingOf(config, process.env), platform),
});
