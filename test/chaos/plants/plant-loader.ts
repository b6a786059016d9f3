import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PLANTS } from './catalogue.ts';
import { plantInto } from './plant.ts';

/** Loaded into a process of the product by `--import`: replaces a piece of one source file as that is loaded. */
const name = process.env['OIO_CHAOS_PLANT'];
const plant = PLANTS.find((one) => one.name === name);
if (!plant) throw new Error(`There is no plant "${name}".`);
const url = pathToFileURL(resolve(import.meta.dirname, '../../..', plant.file)).href;
let isPlanted = false;

registerHooks({
  load(loaded, context, nextLoad) {
    const module = nextLoad(loaded, context);
    if (loaded !== url) return module;
    isPlanted = true;
    return { ...module, source: plantInto(Buffer.from(module.source as Uint8Array).toString('utf8'), plant) };
  },
});

// By now everything that a service imports has been loaded; a defect that is not there would prove nothing.
setTimeout(() => {
  if (isPlanted) return;
  process.stderr.write(`The plant ${plant.name} is not there: ${plant.file} was not loaded.\n`);
  process.exit(70);
}, 10_000).unref();
