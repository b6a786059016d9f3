import { runService } from '@oio/platform';
import { createApiKeyAuthenticator } from './api-key-authenticator.ts';
import { apiKeyOf, httpProcessConfig } from './process-config.ts';
import { startHttpGateway } from './service.ts';

await runService({
  service: 'http-gateway',
  config: httpProcessConfig,
  environment: process.env,
  start: async (config, platform) =>
    startHttpGateway(config, { ...platform, authenticator: createApiKeyAuthenticator(await apiKeyOf(config)) }),
});
