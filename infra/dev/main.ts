import { join } from 'node:path';
import { runMain } from '@oio/runtime';
import { API_KEY_FILE, defaultDataDirectory } from '@oio/sdk';
import pc from 'picocolors';
import { parseArguments, USAGE } from './arguments.ts';
import { banner } from './banner.ts';
import { createMergedLog } from './merged-log.ts';
import { startDevelopment } from './start-development.ts';

await runMain(async (stopping) => {
  const currentDirectory = process.env['INIT_CWD'] ?? process.cwd();
  const args = parseArguments(process.argv.slice(2), currentDirectory);
  if (args.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const log = createMergedLog({
    json: args.json,
    isColored: pc.isColorSupported && process.stdout.isTTY,
    write: (text) => process.stdout.write(text),
  });
  const logger = log.loggerFor('dev');
  // Beside the standalone process's own: each has its database and its key.
  const dataDirectory = process.env['OIO_DATA_DIR'] || `${defaultDataDirectory(process.env)}-dev`;
  const development = await startDevelopment({
    args,
    environment: process.env,
    dataDirectory,
    currentDirectory,
    log,
    stopping,
    onProgress: (doing) => logger.info(`${doing} …`),
  });
  const { url, dataDirectory: data, roots } = development;
  logger.info({ url, keyFile: join(data, API_KEY_FILE) }, 'everything is ready');
  if (!args.json) process.stdout.write(banner({ url, data, roots, model: args.model ?? process.env['OIO_MODEL'] }));
  return development;
});
