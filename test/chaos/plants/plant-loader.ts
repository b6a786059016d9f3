import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PLANTS } from './catalogue.ts';
import { plantInto } from './plant.ts';

/** Loaded into a process of the product by `--import`: replaces pieces of its source files as they are loaded. */
const name = process.env['OIO_CHAOS_PLANT'];
const plant = PLANTS.find((one) => one.name === name);
if (!plant) throw new Error(`There is no plant "${name}".`);
const missing = new Map(plant.edits.map((edit) => [urlOf(edit.file), edit]));

registerHooks({
  load(url, context, nextLoad) {
    const module = nextLoad(url, context);
    const edit = missing.get(url);
    if (!edit) return module;
    missing.delete(url);
    return { ...module, source: plantInto(Buffer.from(module.source as Uint8Array).toString('utf8'), edit) };
  },
});

// By then everything that a service imports has been loaded; a defect that is not there would prove nothing.
setTimeout(() => {
  if (missing.size === 0) return;
  process.stderr.write(`The plant ${plant.name} is not there: ${[...missing.keys()].join(', ')} was not loaded.\n`);
  process.exit(70);
}, 10_000).unref();

function urlOf(file: string): string {
  return pathToFileURL(resolve(import.meta.dirname, '../../..', file)).href;
}
