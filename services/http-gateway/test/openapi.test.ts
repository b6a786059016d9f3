import { type Route, routes } from '@oio/contracts';
import test from 'ava';
import { openApiDocument } from '../src/index.ts';

interface Operation {
  operationId: string;
  summary: string;
  security?: unknown[];
  parameters?: { name: string; in: string; required?: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}
interface Document {
  openapi: string;
  info: object;
  security: unknown;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
}

const document = JSON.parse(JSON.stringify(openApiDocument())) as Document;

for (const [name, route] of Object.entries(routes as Record<string, Route>)) {
  test(`the document describes ${name} in full`, (t) => {
    const operation = document.paths[route.path]?.[route.method.toLowerCase()];
    t.is(operation?.operationId, name);
    t.is(operation?.summary, route.summary);
    t.deepEqual(operation?.security, route.scope === 'public' ? [] : undefined);
    t.true(String(route.status) in (operation?.responses ?? {}));
    const problems = Object.entries(operation?.responses ?? {}).filter(
      ([status]) => Number(status) >= 400 && !(name === 'ready' && status === '503'),
    );
    for (const [status, { content }] of problems)
      t.deepEqual(Object.keys(content ?? {}), ['application/problem+json'], status);
    t.is('401' in (operation?.responses ?? {}), route.scope !== 'public');
    t.is(Boolean(operation?.requestBody), Boolean(route.body));
    const parameters = new Set(operation?.parameters?.map((parameter) => parameter.name));
    for (const parameter of [...Object.keys(route.params?.shape ?? {}), ...Object.keys(route.query?.shape ?? {})])
      t.true(parameters.has(parameter), parameter);
    t.is(parameters.has('Idempotency-Key'), Boolean(route.idempotent));
  });
}

test('the document has nothing beside the routes', (t) => {
  const operations = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  t.deepEqual(operations.sort(), Object.keys(routes).sort());
});

test('every reference in the document leads somewhere', (t) => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, reference = '']) => reference,
  );
  t.true(references.length > 10);
  for (const reference of references) {
    const found = reference
      .slice(2)
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
    t.truthy(found, reference);
  }
});

test('the document is OpenAPI 3.1 with a security scheme, and its named schemas are there', (t) => {
  t.is(document.openapi, '3.1.0');
  t.deepEqual(document.security, [{ apiKey: [] }]);
  t.like(document.components.securitySchemes, { apiKey: { type: 'http', scheme: 'bearer' } });
  for (const name of ['Session', 'SessionDetail', 'SessionEvent', 'Problem', 'WorkspaceDiff'])
    t.true(name in document.components.schemas, name);
});
