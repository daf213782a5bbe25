import { invalidValue } from './errors.ts'
import { type Dimension, sortedDimensions } from './series.ts'

const DIMENSION_COUNT_MAX = 30

interface Given {
  readonly Name?: string | undefined
  readonly Value?: string | undefined
}

/** Dimensions as requests name them, in order. Throws InvalidParameterValue. */
export function dimensionsOf(given: readonly Given[] | undefined, parameter = 'Dimensions'): Dimension[] {
  const dimensions = (given ?? []).map(({ Name = '', Value = '' }) => ({ name: Name, value: Value }))
  if (dimensions.length > DIMENSION_COUNT_MAX) {
    throw invalidValue(`The collection ${parameter} must not have a size greater than ${DIMENSION_COUNT_MAX}.`)
  }
  for (const [index, { name, value }] of dimensions.entries()) {
    const place = `${parameter}.member.${index + 1}`
    if (name === '' || name.length > 255 || name.startsWith(':')) {
      throw invalidValue(`The value ${name} for parameter ${place}.Name is invalid.`)
    }
    if (value.trim() === '' || value.length > 1024) {
      throw invalidValue(`The value ${value} for parameter ${place}.Value is invalid.`)
    }
  }
  const names = new Set(dimensions.map(({ name }) => name))
  if (names.size < dimensions.length) throw invalidValue(`The parameter ${parameter} contains a dimension twice.`)
  return sortedDimensions(dimensions)
}

export function dimensionsView(dimensions: readonly Dimension[]) {
  return dimensions.map(({ name, value }) => ({ Name: name, Value: value }))
}
