import type { Distribution } from './distribution.ts'
import { invalidValue, unsupported } from './errors.ts'

/** How one number is made of a bucket; undefined where it cannot be told. */
export type Statistic = (distribution: Distribution) => number | undefined

const PLAIN: Readonly<Record<string, Statistic | undefined>> = {
  SampleCount: ({ count }) => count,
  Average: ({ average }) => average,
  Sum: ({ sum }) => sum,
  Minimum: ({ min }) => min,
  Maximum: ({ max }) => max,
}

/** `Average`, `p99.9`. Throws InvalidParameterValue, and NotImplemented for trimmed and winsorized statistics. */
export function parseStatistic(text: string, parameter: string): Statistic {
  const plain = PLAIN[text]
  if (plain !== undefined && Object.hasOwn(PLAIN, text)) return plain
  const percent = /^p(\d{1,3}(?:\.\d{1,10})?)$/.exec(text)?.[1]
  if (percent !== undefined && Number(percent) <= 100) return (distribution) => distribution.percentile(Number(percent))
  if (/^(IQM|(tm|wm|tc|ts)\d|(TM|WM|PR|TC|TS)\()/.test(text)) throw unsupported(`The statistic ${text}`)
  throw invalidValue(`The value ${text} for parameter ${parameter} is invalid.`)
}
