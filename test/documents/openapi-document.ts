import { openApiDocument } from '@oio/http-gateway';

/** `docs/openapi.json`: the HTTP API, as it is served at `/openapi.json`. */
export async function openapiDocument(): Promise<string> {
  return `${JSON.stringify(openApiDocument(), null, 2)}\n`;
}
