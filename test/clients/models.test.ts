import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type PackedModel, packService, serviceEntries } from '../../models/generate.ts'

describe('the packed models', () => {
  it.each(serviceEntries())(
    '$service is what the installed $package says (else: npm run models:generate, and read the difference)',
    (entry) => {
      const { constraints: _, ...committed } = JSON.parse(
        readFileSync(join(import.meta.dirname, `../../models/${entry.service}.json`), 'utf8'),
      ) as PackedModel
      const { constraints: __, ...packed } = packService(entry)
      expect(packed).toEqual(committed)
    },
  )
})
