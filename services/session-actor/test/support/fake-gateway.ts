import {
  type AttemptOrder,
  abortAttempt,
  confirmAttempts,
  executeAttempt,
  inspectPlace,
  type Place,
  serverAnnounced,
} from '@oio/contracts';
import type { Bus } from '@oio/messaging';
import { gatewayAddress } from '@oio/ownership';

interface Violation {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

/** An opencode-gateway that runs nothing and remembers what it was asked for. */
export class FakeGateway implements AsyncDisposable {
  readonly executed: AttemptOrder[] = [];
  readonly aborted: { readonly sessionId: string; readonly token: string }[] = [];
  /** How often it was asked for what it has taken, and what it says it does not have. */
  confirmed = 0;
  readonly missing = new Set<string>();
  /** What is wrong with every place from now on. */
  violations: readonly Violation[] = [];
  /** Runs before a place is told. */
  onInspect: () => Promise<void> = async () => {};
  /** Runs before an order to execute is taken. */
  onExecute: (order: AttemptOrder) => Promise<void> = async () => {};
  readonly #bus: Bus;
  readonly #ends: (() => Promise<void>)[] = [];

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Answers questions about places. */
  async inspects(): Promise<void> {
    this.#ends.push(await this.#bus.serve(inspectPlace, async () => this.#inspect()));
  }

  /** Takes orders for a server, as the gateway of that name, until the function returned is called. */
  async serves(serverId: string, gateway = 'g1'): Promise<() => Promise<void>> {
    const [at, own] = [{ at: `server.${serverId}` }, { at: gatewayAddress(gateway) }];
    const ends = [
      await this.#bus.serve(executeAttempt, async ({ payload }) => this.#execute(payload, gateway), at),
      await this.#bus.serve(abortAttempt, async ({ payload }) => this.#abort(payload), at),
      await this.#bus.serve(abortAttempt, async ({ payload }) => this.#abort(payload), own),
      await this.#bus.serve(confirmAttempts, async ({ payload }) => this.#confirm(payload.attempts), own),
    ];
    this.#ends.push(...ends);
    return async () => {
      await Promise.all(ends.map((end) => end()));
    };
  }

  /** Tells of a server as a gateway that reaches it, and takes what comes to this very one. */
  async announces(serverId: string, gateway: string): Promise<void> {
    const own = { at: gatewayAddress(gateway) };
    const ends = [
      await this.#bus.serve(executeAttempt, async ({ payload }) => this.#execute(payload, gateway), own),
      await this.#bus.serve(confirmAttempts, async ({ payload }) => this.#confirm(payload.attempts), own),
      await this.#bus.serve(inspectPlace, async () => this.#inspect(), own),
    ];
    const news = { serverId, healthy: true, capacity: 1, accepting: true, version: null, detail: null, gateway };
    const timer = setInterval(() => this.#bus.announce(serverAnnounced, news), 100);
    this.#ends.push(async () => clearInterval(timer), ...ends);
  }

  ordersFor(sessionId: string): readonly AttemptOrder[] {
    return this.executed.filter((order) => order.sessionId === sessionId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#ends.map((end) => end()));
  }

  async #inspect() {
    await this.onInspect();
    return { place: this.violations.length > 0 ? null : PLACE, violations: [...this.violations] };
  }

  #confirm(attempts: readonly { readonly sessionId: string }[]) {
    this.confirmed += 1;
    return { missing: attempts.flatMap(({ sessionId }) => (this.missing.has(sessionId) ? [sessionId] : [])) };
  }

  async #execute(order: AttemptOrder, gateway: string) {
    await this.onExecute(order);
    const isKnown = this.executed.some(
      ({ sessionId, token }) => sessionId === order.sessionId && token === order.token,
    );
    this.executed.push(order);
    return { state: isKnown ? ('already_running' as const) : ('started' as const), gateway };
  }

  async #abort(order: { readonly sessionId: string; readonly token: string }) {
    this.aborted.push(order);
    return { state: 'aborting' as const };
  }
}

const PLACE: Place = { directory: '/project', workspace: 'worktree', repository: null };
