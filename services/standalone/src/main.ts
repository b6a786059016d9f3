import { parseConfig, runMain } from '@oio/runtime';
import { defaultDataDirectory } from '@oio/sdk/key-file';
import { applyArguments, USAGE } from './arguments.ts';
import { banner, settingsFor } from './banner.ts';
import { standaloneConfig } from './config.ts';
import { startStandalone } from './start-standalone.ts';

await runMain(async () => {
  const currentDirectory = process.env['INIT_CWD'] ?? process.cwd();
  const environment = applyArguments(process.argv.slice(2), { environment: process.env, currentDirectory });
  if (!environment) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const standalone = await startStandalone({
    config: parseConfig(standaloneConfig, environment),
    environment,
    currentDirectory,
    onProgress: (doing) => process.stderr.write(`${doing} …\n`),
  });
  const settings = settingsFor(standalone, { url: 'http://127.0.0.1:8000', data: defaultDataDirectory(environment) });
  process.stdout.write(banner(standalone, environment['OIO_MODEL'] ?? null, settings));
  return standalone;
});
