import { REAL_CLOCKS, STAND_IN_CLOCKS } from '../faults/clocks.ts';
import { FAULTS, isPlayedOn } from '../faults/catalogue.ts';
import type { Bound, NamedFault } from '../faults/named-fault.ts';
import { fileOf, type Trap, TRAPS } from '../faults/traps.ts';

/** `docs/fault-kit.md`: the faults of the kit, as it plays them. */
export async function faultKitDocument(): Promise<string> {
  const of = (side: NamedFault['side']) => FAULTS.filter((fault) => fault.side === side);
  const onReal = FAULTS.filter((fault) => isPlayedOn('real', fault));
  return `# The fault kit

Generated from \`test/faults\` by \`npm run documents\`; not to be edited. What came of the faults, measured:
[faults.md](faults.md).

${FAULTS.length} faults have a name: ${of('model').length} of the model, ${of('server').length} of the OpenCode server. A session that meets one ends with the
reason code of the table (what it means: [reason-codes.md](reason-codes.md)), or completes all the same (*no harm*), within
the clock of the table and two seconds. ${FAULTS.filter((fault) => isPlayedOn('stand-in', fault)).length} are played by the stand-in, ${onReal.length} on the real binary.

\`\`\`sh
npm run -s faults -- list
npm run -s faults -- run --times 20           # each 20 times on the stand-in; --faults a,b: only those
npm run -s faults -- run --times 20 --real    # the same on the real binary
npm run -s faults -- living --times 20        # turns that are slow and alive: none may be cut; --real
npm run -s faults -- serve --fault html --port 4096            # an OpenCode server that has it
npm run -s faults -- serve --fault stream-stalls --port 8080   # a model endpoint that has it
\`\`\`

The clocks are settings ([configuration.md](configuration.md)), shortened for the kit; a time beside them is what no setting
changes. The clock counts from the moment at which the fault strikes: the prompt or the call of the model that meets it, or
what is done to the server.

| setting | on the stand-in | on the real binary |
| --- | --- | --- |
${clockRows()}

Where a fault must do no harm, a server of its own meets clocks of 20 s, so that they are longer than its stall.

## Of the model

The prompt names them (\`[[fault no-first-token]]\`), to the stand-in as to the scripted model behind the real server.

${tableOf(of('model'))}

## Of the server

${tableOf(of('server'))}

## The traps

What the real server, 1.18.33, does to whoever takes its answers at their word, the faults that play it, and the tests beside them.

| | trap | faults | tests |
| --- | --- | --- | --- |
${Object.entries(TRAPS)
  .map(([number, trap]) => `| ${number} | ${trap.says} | ${playing(Number(number))} | ${testsOf(trap)} |`)
  .join('\n')}
`;
}

function tableOf(faults: readonly NamedFault[]): string {
  return `| fault | what it does | from | comes to | clock | on the real binary |
| --- | --- | --- | --- | --- | --- |
${faults.map(row).join('\n')}`;
}

function row(fault: NamedFault): string {
  const { name, does, from, expected, bound } = fault;
  const sources = from.map((source) => (typeof source === 'number' ? `trap ${source}` : source)).join('; ');
  return `| \`${name}\` | ${does} | ${sources} | ${said(expected)} | ${clockOf(bound)} | ${realOf(fault)} |`;
}

function realOf({ only, onReal }: NamedFault): string {
  if (only?.on === 'stand-in') return `no: ${only.why}`;
  const where = only ? `only there: ${only.why}` : 'yes';
  const differs = [onReal?.expected && said(onReal.expected), onReal?.bound && clockOf(onReal.bound)].filter(Boolean);
  return differs.length > 0 ? `${where}; ${differs.join(', ')}` : where;
}

function said(expected: NamedFault['expected']): string {
  return expected.includes(' ') ? `*${expected}*` : `\`${expected}\``;
}

function clockOf({ settings = [], fixedMs = 0, why = '' }: Bound): string {
  const names = settings.map((name) => `\`${name}\``);
  const fixed = fixedMs > 0 ? [`${fixedMs / 1_000} s (${why})`] : [];
  return [...names, ...fixed].join(' + ') || 'at once';
}

function clockRows(): string {
  return Object.keys(STAND_IN_CLOCKS)
    .map((name) => `| \`${name}\` | ${STAND_IN_CLOCKS[name]} | ${REAL_CLOCKS[name]} |`)
    .join('\n');
}

function playing(trap: number): string {
  return FAULTS.filter(({ from }) => from.includes(trap))
    .map(({ name }) => `\`${name}\``)
    .join(', ');
}

function testsOf({ tests }: Trap): string {
  return tests.map(([file, title]) => `${title} ([${file.split('/').at(-1)}](../${fileOf(file)}))`).join('; ');
}
