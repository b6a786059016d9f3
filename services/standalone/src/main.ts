import { parseConfig, runMain } from '@oio/runtime';
import { applyArguments, USAGE } from './arguments.ts';
import { banner } from './banner.ts';
import { standaloneConfig } from './config.ts';
import { startStandalone } from './start-standalone.ts';

await runMain(async () => {
  const environment = applyArguments(process.argv.slice(2), process.env);
  if (!environment) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const standalone = await startStandalone({
    config: parseConfig(standaloneConfig, environment),
    environment,
    currentDirectory: process.env['INIT_CWD'] ?? process.cwd(),
    onProgress: (doing) => process.stderr.write(`${doing} …\n`),
  });
  process.stdout.write(banner(standalone, environment['OIO_MODEL'] ?? null));
  return standalone;
});
