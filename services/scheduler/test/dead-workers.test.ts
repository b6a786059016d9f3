import { workerEnded } from '@oio/contracts';
import { openLockConnection, untilLockFree } from '@oio/persistence';
import { openTestDatabase } from '@oio/persistence/testing';
import { createLogger, newId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createPostgresSessionTable } from '../src/adapters/postgres-session-table.ts';
import { DeadWorkers } from '../src/dead-workers.ts';

test('a worker whose process has ended is told by the second look, once', async (t) => {
  await using scene = await Scene.open();
  const worker = await scene.enter({ locked: true });
  await scene.look();
  await scene.look();
  t.deepEqual(scene.told, []);
  await worker.die();
  await scene.look();
  t.deepEqual(scene.told, [], 'it may only be connecting anew');
  await scene.look();
  await scene.look();
  t.deepEqual(scene.told, [worker.incarnation]);
  t.deepEqual(scene.withdrawn, [worker.incarnation]);
  t.is(scene.changes, 2, 'it came and it went');
  t.false(await scene.isLeased(worker.incarnation));
});

test('a lock that falls free is a sign to look, once, and only those of the living are waited for', async (t) => {
  await using scene = await Scene.open();
  const worker = await scene.enter({ locked: true });
  await scene.enter({ locked: false });
  await scene.look();
  await scene.look();
  await eventually(async () => (await scene.waiting()) === 1, {
    what: 'the lock of the one that holds it is waited for',
  });
  t.is(scene.signs, 0);
  await worker.die();
  await eventually(() => scene.signs === 1, { what: 'the sign' });
  await scene.look();
  await scene.look();
  t.deepEqual(scene.told, [worker.incarnation]);
  t.deepEqual([scene.signs, await scene.waiting()], [1, 0]);
});

test('a worker whose lease has run out is told at once, and its locks fall free', async (t) => {
  await using scene = await Scene.open();
  const worker = await scene.enter({ locked: true });
  await scene.expire(worker.incarnation);
  await scene.look();
  t.deepEqual(scene.told, [worker.incarnation]);
  await eventually(() => scene.losses === 1, { what: 'its connection is ended, and with it all of its locks' });
});

test('a worker that holds no lock lives as long as its lease', async (t) => {
  await using scene = await Scene.open();
  await scene.enter({ locked: false });
  await scene.look();
  await scene.look();
  t.deepEqual(scene.told, []);
  t.is(scene.changes, 1, 'it came');
});

test('a worker that was ended by mistake and comes back can be told of again', async (t) => {
  await using scene = await Scene.open();
  const { incarnation } = await scene.enter({ locked: false });
  await scene.expire(incarnation);
  await scene.look();
  await scene.renew(incarnation);
  await scene.look();
  await scene.expire(incarnation);
  await scene.look();
  t.deepEqual(scene.told, [incarnation, incarnation]);
  t.is(scene.changes, 3, 'it went, came back and went');
});

/** Workers in a database, and what is said of them. */
class Scene implements AsyncDisposable {
  readonly told: string[] = [];
  readonly withdrawn: string[] = [];
  /** How often others were alive than before. */
  changes = 0;
  /** How often a lock was seen to fall free. */
  signs = 0;
  /** How many workers have lost their locks. */
  losses = 0;
  readonly url: string;
  readonly #stack: AsyncDisposableStack;
  readonly #opened: Awaited<ReturnType<typeof openTestDatabase>>;
  readonly #workers: DeadWorkers;

  private constructor(opened: Awaited<ReturnType<typeof openTestDatabase>>, stack: AsyncDisposableStack) {
    this.#opened = opened;
    this.url = opened.url;
    this.#stack = stack;
    this.#workers = stack.use(
      new DeadWorkers({
        table: createPostgresSessionTable(opened.database),
        directory: { withdraw: async (incarnation) => void this.withdrawn.push(incarnation) },
        bus: {
          announce: (contract, payload) => {
            if ((contract as unknown) === workerEnded) this.told.push((payload as { incarnation: string }).incarnation);
          },
        },
        watchLock: (key, signal) => untilLockFree(opened.url, key, signal),
        logger: createLogger('scheduler', { level: 'silent' }),
        onSign: () => {
          this.signs += 1;
        },
        onChange: () => {
          this.changes += 1;
        },
      }),
    );
  }

  static async open(): Promise<Scene> {
    const stack = new AsyncDisposableStack();
    return new Scene(stack.use(await openTestDatabase()), stack);
  }

  async look(): Promise<void> {
    await this.#workers.look();
  }

  async enter({ locked }: { readonly locked: boolean }) {
    const incarnation = newId();
    const onLost = (): void => {
      this.losses += 1;
    };
    const locks = this.#stack.use(await openLockConnection(this.url, { onLost }));
    if (locked) await locks.lock(incarnation);
    await this.#opened.database.query(
      `insert into workers (incarnation, lease_until, started_at, host, pid, locked)
       values ($1::uuid, now() + interval '1 hour', now(), 'here', 1, $2)`,
      [incarnation, locked],
    );
    return { incarnation, die: async () => locks[Symbol.asyncDispose]() };
  }

  async expire(incarnation: string): Promise<void> {
    await this.#set(incarnation, '-1 second');
  }

  async renew(incarnation: string): Promise<void> {
    await this.#set(incarnation, '1 hour');
  }

  /** How many connections wait for a lock. */
  async waiting(): Promise<number> {
    const [row] = await this.#opened.database.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity
       where datname = current_database() and application_name = 'oio lock watch' and wait_event = 'advisory'`,
    );
    return row?.count ?? 0;
  }

  async isLeased(incarnation: string): Promise<boolean> {
    const rows = await this.#opened.database.query(
      'select 1 from workers where incarnation = $1::uuid and lease_until > now()',
      [incarnation],
    );
    return rows.length > 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  async #set(incarnation: string, interval: string): Promise<void> {
    await this.#opened.database.query(
      'update workers set lease_until = now() + $2::interval where incarnation = $1::uuid',
      [incarnation, interval],
    );
  }
}
