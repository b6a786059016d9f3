import { setTimeout as delay } from 'node:timers/promises';
import { StartupError } from '@oio/errors';
import { fieldsOf } from './log-line.ts';
import type { MergedLog } from './merged-log.ts';
import { type ProcessPlan, superviseProcess } from './supervise-process.ts';

export interface Services extends AsyncDisposable {
  /** What the log of a process said last under this name; null when it has not said it yet. */
  said(process: string, field: string): string | null;
  /** Resolves when every process says that it can be given work. Throws `StartupError` when one never will. */
  ready(stopping: AbortSignal): Promise<void>;
  /** Rejects when a process has ended for good. */
  readonly failed: Promise<never>;
}

const ASK_EVERY_MS = 100;

/** Starts all processes at once: each waits for what it needs. They are stopped together, too. */
export function startServices(plans: readonly ProcessPlan[], log: MergedLog): Services {
  const said = new Map<string, string>();
  const failed = Promise.withResolvers<never>();
  // Told by whoever looks at it.
  failed.promise.catch(() => {});
  const processes = plans.map((plan) => {
    const logger = log.loggerFor(plan.name);
    const supervised = superviseProcess(plan, {
      onLine(text) {
        log.add({ process: plan.name, text });
        for (const [field, value] of Object.entries(fieldsOf(text) ?? {}))
          said.set(`${plan.name} ${field}`, String(value));
      },
      onEnded({ how, againInMs }) {
        said.delete(`${plan.name} healthUrl`);
        logger.error({ againInMs }, againInMs === null ? `${how}, for good` : `${how}, starts again`);
      },
    });
    void supervised.givenUp.then((code) =>
      failed.reject(new StartupError(`${plan.name} cannot run; its last lines above say why.`, code)),
    );
    return supervised;
  });
  const saidBy = (process: string, field: string): string | null => said.get(`${process} ${field}`) ?? null;
  return {
    said: saidBy,
    failed: failed.promise,
    async ready(stopping) {
      const all = processes.map((one) => becomeReady(() => saidBy(one.name, 'healthUrl'), stopping));
      await Promise.race([Promise.all(all), failed.promise]);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

async function becomeReady(healthUrl: () => string | null, stopping: AbortSignal): Promise<void> {
  for (;;) {
    stopping.throwIfAborted();
    const url = healthUrl();
    if (url !== null && (await isReady(url))) return;
    await delay(ASK_EVERY_MS);
  }
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(3_000) }).catch(() => null);
  return response?.ok ?? false;
}
