import { join } from 'node:path';
import { DOCUMENTS, writeDocuments } from './documents.ts';

await writeDocuments(join(import.meta.dirname, '..', '..'), DOCUMENTS);
for (const { path } of DOCUMENTS) console.log(`wrote ${path}`);
