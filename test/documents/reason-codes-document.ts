import { reasonCodes } from '@oio/domain';

/** `docs/reason-codes.md`: the table of failures, as the product follows it. */
export async function reasonCodesDocument(): Promise<string> {
  const codes = reasonCodes();
  const ending = codes.filter(({ ends }) => ends);
  return `# Reason codes

Generated from \`shared/domain/src/failure-table.ts\` by \`npm run documents\`; not to be edited. Also at \`/v1/reason-codes\`, and
\`oio reasons\`.

Every session that does not do or end well says why: its \`failure\` has one of these codes, with a message of its own, what the
code means and what to do; its \`lastFailure\` says why the attempt before the present one ended; both are in its history.

## What ends a session

Retried by itself: after the first pause, times the factor with each retry of the session, up to the longest pause, made
shorter or longer by chance; or when the provider says that its model may be asked again (no session is started with it before). No
more once the session has been retried as often as the last column says, or \`MAX_RETRY_ATTEMPTS\` (whichever is less), and only from a checkpoint.
\`prompt_removed\` and \`prompt_not_reached\` end a further prompt that waited, and no session.

| code | what happened | what to do | retried after | factor | longest | by chance | retries |
| --- | --- | --- | --- | --- | --- | --- | --- |
${ending.map(row).join('\n')}

## What only impairs it

The session is \`degraded\` while that lasts and runs on; it passes by itself. \`provider_unavailable\`, \`rate_limited\`,
\`provider_timeout\` (while OpenCode repeats a call by itself) and \`server_unreachable\` impair it before they end it.

| code | what happened | what to do |
| --- | --- | --- |
${codes
  .filter(({ ends }) => !ends)
  .map(({ code, meaning, advice }) => `| \`${code}\` | ${meaning} | ${advice} |`)
  .join('\n')}
`;
}

function row({ code, meaning, advice, retry }: ReturnType<typeof reasonCodes>[number]): string {
  const rule = retry
    ? [seconds(retry.firstMs), retry.factor, seconds(retry.longestMs), `±${retry.jitter * 100} %`, retry.limit]
    : ['not retried', '', '', '', ''];
  return `| \`${code}\` | ${meaning} | ${advice} | ${rule.join(' | ')} |`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toLocaleString('en')} s`;
}
