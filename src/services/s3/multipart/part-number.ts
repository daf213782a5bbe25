import { invalidArgument } from '../errors.ts'

export const PART_NUMBER_MAX = 10_000

export function checkPartNumber(number: number): void {
  if (Number.isInteger(number) && number >= 1 && number <= PART_NUMBER_MAX) return
  throw invalidArgument(
    `Part number must be an integer between 1 and ${PART_NUMBER_MAX}, inclusive`,
    'partNumber',
    String(number),
  )
}
