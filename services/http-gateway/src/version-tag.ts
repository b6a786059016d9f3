/** The `ETag` of a session: its version, as `If-Match` takes it. */
export function versionTag({ version }: { readonly version: number }): { ETag: string } {
  return { ETag: `"${version}"` };
}
