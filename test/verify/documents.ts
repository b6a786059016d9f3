import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configurationDocument } from '../documents/configuration-document.ts';
import { faultKitDocument } from '../documents/fault-kit-document.ts';
import { messagesDocument } from '../documents/messages-document.ts';
import { openapiDocument } from '../documents/openapi-document.ts';
import { reasonCodesDocument } from '../documents/reason-codes-document.ts';
import { packagesDocument } from './packages-document.ts';

/** A document that is made from the sources and committed, so that it can be read without running anything. */
export interface GeneratedDocument {
  /** From the top of the repository. */
  readonly path: string;
  readonly generate: (root: string) => Promise<string>;
}

export const DOCUMENTS: readonly GeneratedDocument[] = [
  { path: 'docs/packages.md', generate: packagesDocument },
  { path: 'docs/openapi.json', generate: openapiDocument },
  { path: 'docs/messages.md', generate: messagesDocument },
  { path: 'docs/reason-codes.md', generate: reasonCodesDocument },
  { path: 'docs/fault-kit.md', generate: faultKitDocument },
  { path: 'docs/configuration.md', generate: configurationDocument },
];

/** Reports every generated document whose committed text is not what its sources say now. */
export async function checkDocuments(root: string, documents: readonly GeneratedDocument[]): Promise<string[]> {
  const problems = await Promise.all(
    documents.map(async ({ path, generate }) => {
      const file = join(root, path);
      if (!existsSync(file)) return `${path} is missing: run npm run documents`;
      const [committed, current] = await Promise.all([readFile(file, 'utf8'), generate(root)]);
      return committed === current ? undefined : `${path} is out of step with its sources: run npm run documents`;
    }),
  );
  return problems.filter((problem) => problem !== undefined);
}

/** Writes all documents anew. */
export async function writeDocuments(root: string, documents: readonly GeneratedDocument[]): Promise<void> {
  for (const { path, generate } of documents) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), await generate(root));
  }
}
