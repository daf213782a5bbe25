import fc from 'fast-check'
import { describe, it } from 'vitest'
import { compareVersions, versionSteps } from './versions-model.contract.ts'

describe('a bucket with versions', () => {
  it('does what the simplest model of it does, after every step', async () => {
    await fc.assert(fc.asyncProperty(versionSteps, compareVersions), { numRuns: 150 })
  })
})
