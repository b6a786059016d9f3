/** How many calls become one piece of work. */
export interface BatchOptions {
  /** Batches under way at a time; further calls gather meanwhile. */
  readonly atOnce?: number;
  /** Calls in a batch at most. */
  readonly largest?: number;
}

interface Waiting<Input, Output> {
  readonly input: Input;
  readonly resolve: (output: Output) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes one piece of work out of many calls: those of one turn of the event loop, and those that come while as many
 * batches as allowed are under way. `work` answers in the order of its inputs; its error is everybody's.
 */
export function batched<Input, Output>(
  work: (inputs: readonly Input[]) => Promise<readonly Output[]>,
  { atOnce = 2, largest = 256 }: BatchOptions = {},
): (input: Input) => Promise<Output> {
  const waiting: Waiting<Input, Output>[] = [];
  let underWay = 0;
  let isDue = false;

  const start = (): void => {
    isDue = false;
    while (waiting.length > 0 && underWay < atOnce) {
      underWay += 1;
      void runBatch(work, waiting.splice(0, largest)).finally(() => {
        underWay -= 1;
        start();
      });
    }
  };

  return (input) =>
    new Promise((resolve, reject) => {
      waiting.push({ input, resolve, reject });
      if (isDue || underWay >= atOnce) return;
      isDue = true;
      setImmediate(start);
    });
}

async function runBatch<Input, Output>(
  work: (inputs: readonly Input[]) => Promise<readonly Output[]>,
  batch: readonly Waiting<Input, Output>[],
): Promise<void> {
  try {
    const outputs = await work(batch.map(({ input }) => input));
    if (outputs.length !== batch.length) throw new Error(`A batch of ${batch.length} got ${outputs.length} answers.`);
    for (const [index, { resolve }] of batch.entries()) resolve(outputs[index] as Output);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
