import { defineConfig } from "vitest/config";

// The suffix of a test file says what it needs: `.test.ts` nothing, `.redis.test.ts` a Redis server,
// `.fleet.test.ts` real Celery workers. What the worker needs of these is a project of its own. `npm test -- --project pure` runs the ones that need nothing.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "pure",
          include: ["{app,bench,components,lib,server,worker}/**/*.test.{ts,tsx}"],
          exclude: ["**/*.redis.test.ts", "**/*.fleet.test.ts", "worker/pool/process-pool.test.ts"],
          testTimeout: 30_000, // some properties take a second, and a busy machine ten times that
        },
      },
      { test: { name: "redis", include: ["{lib,server}/**/*.redis.test.ts"], testTimeout: 30_000 } },
      {
        test: {
          name: "fleet",
          include: ["{lib,server}/**/*.fleet.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "worker",
          include: ["worker/**/*.{redis,fleet}.test.ts", "worker/pool/process-pool.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
