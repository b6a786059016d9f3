/** Run again with the seed and the path that a failure prints: `FC_SEED=… FC_PATH=… ava shared/domain/test/unit.test.ts`. */
export const RUNS = {
  numRuns: Number(process.env['FC_RUNS'] ?? 200),
  ...(process.env['FC_SEED'] && { seed: Number(process.env['FC_SEED']) }),
  ...(process.env['FC_PATH'] && { path: process.env['FC_PATH'] }),
};
