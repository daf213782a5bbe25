import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Distribution, VALUE_COUNT_MAX } from './distribution.ts'

function of(...values: number[]): Distribution {
  const distribution = new Distribution()
  for (const value of values) distribution.add(value)
  return distribution
}

describe('a distribution', () => {
  it('knows sums and percentiles', () => {
    const distribution = of(5, 1, 3, 2, 4)
    expect(distribution).toMatchObject({ count: 5, sum: 15, min: 1, max: 5, average: 3 })
    expect([0, 20, 50, 90, 100].map((percent) => distribution.percentile(percent))).toEqual([1, 1, 3, 5, 5])
  })

  it('stays small, with percentiles that are two percent wrong at most', () => {
    const distribution = new Distribution()
    for (let value = 1; value <= 10_000; value++) distribution.add(value)
    expect(distribution.toRow().values?.length).toBeLessThanOrEqual(VALUE_COUNT_MAX)
    expect(distribution).toMatchObject({ count: 10_000, min: 1, max: 10_000 })
    for (const percent of [10, 50, 99]) {
      expect(Math.abs((distribution.percentile(percent) as number) / (percent * 100) - 1)).toBeLessThan(0.03)
    }
  })

  it('cannot tell percentiles of sums, unless all values are one', () => {
    const distribution = of(1)
    distribution.addSet({ count: 3, sum: 6, min: 2, max: 2 })
    expect(distribution.percentile(100)).toBe(2)
    distribution.addSet({ count: 2, sum: 3, min: 1, max: 2 })
    expect(distribution.percentile(100)).toBeUndefined()
    expect(distribution).toMatchObject({ count: 6, sum: 10 })
  })

  it('is the same merged or measured at once, and after it was stored', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 })), fc.array(fc.integer({ min: -50, max: 50 })), (a, b) => {
        const merged = Distribution.of(JSON.parse(JSON.stringify(of(...a, 1).toRow())) as never)
        merged.merge(of(...b))
        const atOnce = of(...a, 1, ...b)
        for (const percent of [0, 25, 50, 100]) expect(merged.percentile(percent)).toBe(atOnce.percentile(percent))
        expect(merged.sum).toBeCloseTo(atOnce.sum)
        expect(merged).toMatchObject({ count: atOnce.count, min: atOnce.min, max: atOnce.max })
      }),
    )
  })
})
