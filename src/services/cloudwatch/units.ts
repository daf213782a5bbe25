const SIZES = [
  'Bytes',
  'Kilobytes',
  'Megabytes',
  'Gigabytes',
  'Terabytes',
  'Bits',
  'Kilobits',
  'Megabits',
  'Gigabits',
  'Terabits',
  'Count',
]
const UNITS = new Set([
  'Seconds',
  'Microseconds',
  'Milliseconds',
  'Percent',
  'None',
  ...SIZES,
  ...SIZES.map((size) => `${size}/Second`),
])

/** Whether CloudWatch has this unit. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html */
export function isUnit(text: string): boolean {
  return UNITS.has(text)
}
