import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parsePattern, PatternSyntaxError } from '../../../src/event-pattern/pattern.ts'

interface Vector {
  readonly name: string
  readonly expected: 'matched' | 'unmatched' | 'refused'
  readonly pattern: unknown
  readonly event: unknown
}

const read = (file: string) => JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8')) as readonly Vector[]
const suites = { localstack: read('localstack.json'), 'event-ruler': read('event-ruler.json') }

function outcome({ pattern, event }: Vector): Vector['expected'] {
  try {
    return parsePattern(JSON.stringify(pattern)).matches(event) ? 'matched' : 'unmatched'
  } catch (error) {
    if (error instanceof PatternSyntaxError) return 'refused'
    throw error
  }
}

describe.each(Object.entries(suites))('event patterns of %s', (suite, vectors) => {
  it(`all ${vectors.length} come out as they should`, () => {
    expect(vectors.filter((vector) => outcome(vector) !== vector.expected).map(({ name }) => name)).toEqual([])
    console.log(`${suite}: ${vectors.length} event pattern vectors`)
  })
})
