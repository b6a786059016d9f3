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

const operations = Object.entries(routes as Record<string, Route>).map(([name, route]) => {
  const operation = document.paths[route.path]?.[route.method.toLowerCase()];
  if (!operation) throw new Error(`${name} is not in the document`);
  return { name, route, operation };
});

for (const { name, route, operation } of operations) {
  test(`the document describes ${name}: what it is, who may, and every answer`, (t) => {
    const { responses, security, operationId, summary } = operation;
    t.like({ operationId, summary }, { operationId: name, summary: route.summary });
    const ofPublic = route.moreFor ? [{}, { apiKey: [] }] : [];
    t.deepEqual(security, route.scope === 'public' ? ofPublic : undefined);
    t.true(String(route.status) in responses);
    t.is('401' in responses, route.scope !== 'public');
    for (const [status, { content = {} }] of Object.entries(responses)) {
      const isReply = Number(status) < 400 || (name === 'ready' && status === '503');
      if (!isReply) t.deepEqual(Object.keys(content), ['application/problem+json'], status);
    }
  });

  test(`the document describes all that ${name} takes`, (t) => {
    const parameters = new Set(operation.parameters?.map((parameter) => parameter.name));
    const expected = [...Object.keys(route.params?.shape ?? {}), ...Object.keys(route.query?.shape ?? {})];
    for (const parameter of expected) t.true(parameters.has(parameter), parameter);
    t.is(parameters.has('Idempotency-Key'), Boolean(route.idempotent));
    t.is(Boolean(operation.requestBody), Boolean(route.body));
  });
}

test('the document has nothing beside the routes', (t) => {
  const found = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  t.deepEqual(found.sort(), Object.keys(routes).sort());
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
