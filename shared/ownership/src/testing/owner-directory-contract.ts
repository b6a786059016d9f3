import type { ExecutionContext, TestFn } from 'ava';
import type { OwnerDirectory } from '../owner-directory.ts';
import { directoryBehaviours } from './directory-behaviours.ts';

/** A directory of its own for one test, and the clock that its leases run by. */
export interface DirectoryUnderTest {
  readonly directory: OwnerDirectory;
  /** Lets so much time pass, on a clock of the test or in fact. */
  readonly passMs: (ms: number) => Promise<void>;
}

/** Behaviours by the sentence that states them; each gets an empty directory, which is ended after it. */
export type DirectoryBehaviours = Readonly<
  Record<string, (t: ExecutionContext, under: DirectoryUnderTest) => Promise<void>>
>;

/** What every implementation of the owner directory promises, as AVA tests. The suite ends what `open` gives. */
export function ownerDirectoryContract(test: TestFn, open: () => Promise<DirectoryUnderTest>): void {
  for (const [title, behave] of Object.entries(directoryBehaviours)) {
    test(title, async (t) => {
      await using stack = new AsyncDisposableStack();
      const under = await open();
      stack.use(under.directory);
      await behave(t, under);
    });
  }
}
