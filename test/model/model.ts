/**
 * Compares buckets with their model over random steps, for ten minutes or as long as is said: `npm run test:model -- [minutes] [seed]`.
 * Prints the seed of every round; the same seed makes the same steps.
 */
import { randomInt } from 'node:crypto'
import { argv, stdout } from 'node:process'
import fc from 'fast-check'
import { compareVersions, versionSteps } from '../../src/services/s3/versions-model.contract.ts'

const RUNS_PER_ROUND = 200
const minutes = Number(argv[2] ?? 10)
let seed = argv[3] === undefined ? randomInt(2 ** 31) : Number(argv[3])
const endMs = performance.now() + minutes * 60_000
let runs = 0
while (performance.now() < endMs) {
  stdout.write(`seed ${seed}, ${runs} runs without a difference so far\n`)
  await fc.assert(fc.asyncProperty(versionSteps, compareVersions), { seed, numRuns: RUNS_PER_ROUND })
  runs += RUNS_PER_ROUND
  seed = (seed + 1) % 2 ** 31
}
stdout.write(`${runs} runs in ${minutes} minutes without a difference\n`)
