/** The name of the provider and of its model in OpenCode. */
export const SCRIPTED_MODEL = { providerID: 'scripted', modelID: 'demo' } as const;

/** USD per million tokens, as `cost` of an OpenCode model; near those of a mid-sized model, so that sums look right. */
const COST = { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 };
const LIMIT = { context: 200_000, output: 32_000 };

/** The part of an OpenCode configuration (`OPENCODE_CONFIG_CONTENT`) that makes the endpoint its provider and default model. */
export function openCodeProvider({ url, apiKey }: { readonly url: string; readonly apiKey: string }): OpenCodeProvider {
  const { providerID, modelID } = SCRIPTED_MODEL;
  const model = {
    name: 'Scripted demo',
    tool_call: true,
    reasoning: true,
    attachment: false,
    temperature: true,
    limit: LIMIT,
    cost: COST,
  };
  return {
    model: `${providerID}/${modelID}`,
    small_model: `${providerID}/${modelID}`,
    provider: {
      [providerID]: {
        npm: '@ai-sdk/openai-compatible',
        name: 'Scripted model',
        options: { baseURL: `${url}/v1`, apiKey },
        models: { [modelID]: model },
      },
    },
  };
}

export interface OpenCodeProvider {
  readonly model: string;
  readonly small_model: string;
  readonly provider: Readonly<Record<string, object>>;
}
