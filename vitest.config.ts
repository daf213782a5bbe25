import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // By itself vitest leaves one of two cores to others, and then runs one file after the other.
    maxWorkers: 2,
  },
})
