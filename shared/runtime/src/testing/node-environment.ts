/**
 * What a Node process of ours needs of this one's environment: nothing of the user's, but where programs lie and where
 * compiled sources are kept, without which each start compiles all of them again.
 */
export function nodeEnvironment(): Readonly<Record<string, string>> {
  const { PATH = '', NODE_COMPILE_CACHE } = process.env;
  return { PATH, ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }) };
}
