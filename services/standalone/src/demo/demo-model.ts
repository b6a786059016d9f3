import { openCodeProvider, type Script, startScriptedModel } from '@oio/scripted-model';

/** What the agents of the demo ask, and what a person should know about it. */
export interface DemoModel extends AsyncDisposable {
  /** `provider/model`. */
  readonly name: string;
  readonly isScripted: boolean;
  /** OpenCode's `provider` section, for a model that it does not bring along. */
  readonly providers: Readonly<Record<string, unknown>> | undefined;
  readonly introduction: string;
  /** How long the sessions may take in all. */
  readonly patienceMs: number;
}

const MINUTE_MS = 60_000;

/** The model that was named, or else a scripted one on loopback. */
export async function openDemoModel(named: string | null, scripts: readonly Script[]): Promise<DemoModel> {
  if (named !== null) {
    const introduction = `The model is ${named}. Its provider is asked, and charges what it charges.`;
    return {
      name: named,
      isScripted: false,
      providers: undefined,
      introduction,
      patienceMs: 10 * MINUTE_MS,
      [Symbol.asyncDispose]: async () => {},
    };
  }
  const endpoint = await startScriptedModel({ scripts });
  const { model: name, provider: providers } = openCodeProvider(endpoint);
  return {
    name,
    isScripted: true,
    providers,
    introduction: SCRIPTED,
    patienceMs: 5 * MINUTE_MS,
    [Symbol.asyncDispose]: () => endpoint.stop(),
  };
}

const SCRIPTED = `The model is scripted: a small server on this machine says what a model could say, so tokens and costs are
made up. Everything else is real: the OpenCode server, its agents, their tools, git, the database.
With a real model:  npm run demo -- --model anthropic/claude-sonnet-4-5
(credentials as OpenCode takes them: ANTHROPIC_API_KEY and the like, or \`opencode auth login\`).`;
