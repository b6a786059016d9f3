/** SQL: an instant as all contracts have it, RFC 3339 in UTC with milliseconds. */
export function instant(sql: string): string {
  return `to_char(${sql} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
