import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compatibilityPage } from '../scripts/compatibility-page.ts'

describe('a printed page', () => {
  it('docs/compatibility.md says what the operation tables say (npm run compatibility)', async () => {
    expect(readFileSync(new URL('../docs/compatibility.md', import.meta.url), 'utf8')).toBe(await compatibilityPage())
  })
})
