import { parseArgs } from 'node:util';
import { modelName } from '@oio/contracts';
import { EXIT_CODE, StartupError } from '@oio/errors';

export const DEMO_USAGE = `Usage: npm run demo [-- --model provider/model]

  --model P/M   a real model, for example anthropic/claude-sonnet-4-5. Credentials as OpenCode takes them: the
                provider's environment variable (ANTHROPIC_API_KEY …), or what \`opencode auth login\` has stored.
                Without it, a scripted model on this machine says what the agent is to do.
  --help        this text
`;

export interface DemoArguments {
  /** Null: the scripted one. */
  readonly model: string | null;
  readonly help: boolean;
}

/** Throws `StartupError`. */
export function demoArguments(args: readonly string[]): DemoArguments {
  const { model, help = false } = parse(args);
  if (model === undefined) return { model: null, help };
  const { error } = modelName.safeParse(model);
  if (error)
    throw new StartupError(`--model: ${error.issues[0]?.message ?? 'wrong'}\n\n${DEMO_USAGE}`, EXIT_CODE.usage);
  return { model, help };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { model: { type: 'string' }, help: { type: 'boolean', short: 'h' } } })
      .values;
  } catch (error) {
    throw new StartupError(
      `${error instanceof Error ? error.message : String(error)}\n\n${DEMO_USAGE}`,
      EXIT_CODE.usage,
    );
  }
}
