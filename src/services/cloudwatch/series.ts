import { hash } from 'node:crypto'

export interface Dimension {
  readonly name: string
  readonly value: string
}

/** One metric of one account and region, with exactly these dimensions. */
export interface Series {
  readonly accountId: string
  readonly region: string
  readonly namespace: string
  readonly name: string
  /** In the order of their names. */
  readonly dimensions: readonly Dimension[]
}

export function sortedDimensions(dimensions: readonly Dimension[]): Dimension[] {
  return [...dimensions].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** Names a series in keys: dimensions may be longer than a key. */
export function seriesId({ accountId, region, namespace, name, dimensions }: Series): string {
  const parts = [accountId, region, namespace, name, ...dimensions.flatMap(({ name, value }) => [name, value])]
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, 32)
}
