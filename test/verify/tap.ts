/** One finished test, as AVA's TAP output reports it. */
export interface TapTest {
  readonly title: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** What went wrong, with the stack; empty for a test that passed. */
  readonly details: string;
}

/** AVA's own closing count, to be compared with what was seen test by test. */
export interface TapSummary {
  readonly planned: number;
  readonly failed: number;
}

const TEST_LINE = /^(?<not>not )?ok \d+(?: - (?<title>.*?))?(?: # (?<directive>SKIP|TODO))?$/;

/** Reads TAP line by line: give it each line as it comes, it calls back for each test as soon as that is complete. */
export class TapReader {
  readonly #onTest: (test: TapTest) => void;
  /** The failed test whose details are still to come. */
  #open: TapTest | undefined;
  #details: string[] | undefined;
  #planned: number | undefined;
  #failed: number | undefined;

  constructor(onTest: (test: TapTest) => void) {
    this.#onTest = onTest;
  }

  read(line: string): void {
    if (this.#details !== undefined) this.#readDetail(line, this.#details);
    else if (line === '  ---' && this.#open !== undefined) this.#details = [];
    else this.#readTopLevel(line);
  }

  /** The closing count, or undefined if AVA never came to its end. */
  end(): TapSummary | undefined {
    this.#close();
    if (this.#planned === undefined || this.#failed === undefined) return undefined;
    return { planned: this.#planned, failed: this.#failed };
  }

  #readDetail(line: string, details: string[]): void {
    if (line === '  ...') this.#close();
    else details.push(line.replace(/^ {4}/, ''));
  }

  #readTopLevel(line: string): void {
    const test = TEST_LINE.exec(line)?.groups;
    if (test !== undefined) {
      this.#close();
      this.#open = { title: test['title'] ?? '', result: resultOf(test), details: '' };
      if (this.#open.result !== 'failed') this.#close();
      return;
    }
    this.#planned ??= numberIn(/^1\.\.(\d+)$/, line);
    this.#failed ??= numberIn(/^# fail (\d+)$/, line);
  }

  #close(): void {
    if (this.#open !== undefined) this.#onTest({ ...this.#open, details: (this.#details ?? []).join('\n') });
    this.#open = undefined;
    this.#details = undefined;
  }
}

function resultOf(test: Record<string, string | undefined>): TapTest['result'] {
  if (test['directive'] !== undefined) return 'skipped';
  return test['not'] === undefined ? 'passed' : 'failed';
}

function numberIn(pattern: RegExp, line: string): number | undefined {
  const digits = pattern.exec(line)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
