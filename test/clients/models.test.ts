import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type PackedModel, packService, serviceEntries } from '../../models/generate.ts'
import { packResourceSchemas } from '../../models/generate-resources.ts'

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
  it('have the resource types that the installed specification says (else: npm run models:generate, and read the difference)', async () => {
    const committed: unknown = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../models/resource-schemas.json'), 'utf8'),
    )
    expect(await packResourceSchemas()).toEqual(committed)
  })
})
