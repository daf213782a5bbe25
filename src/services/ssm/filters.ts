import type { ParameterStringFilter, ParametersFilter } from '@aws-sdk/client-ssm'
import type { FoundVersion } from './parameters.ts'
import { invalidFilterKey, invalidFilterOption, invalidFilterValue, validation } from './errors.ts'
import { parsePath } from './names.ts'

export type Filter = (found: FoundVersion) => boolean

interface FilterKind {
  /** The first is taken when a filter names none. */
  readonly options: readonly string[]
  readonly values?: readonly string[]
  of(option: string, values: readonly string[]): Filter
}

const KINDS = ['String', 'StringList', 'SecureString']
const TIERS = ['Standard', 'Advanced', 'Intelligent-Tiering']

const ofText = (text: (found: FoundVersion) => string | null) => (option: string, values: readonly string[]) => {
  const fits = {
    Equals: (given: string, value: string) => given === value,
    BeginsWith: (given: string, value: string) => given.startsWith(value),
    Contains: (given: string, value: string) => given.includes(value),
  }[option as 'Equals' | 'BeginsWith' | 'Contains']
  return (found: FoundVersion) => {
    const given = text(found)
    return given !== null && values.some((value) => fits(given, value))
  }
}

const BY_PATH: Readonly<Record<string, FilterKind>> = {
  Type: { options: ['Equals', 'BeginsWith'], values: KINDS, of: ofText(({ version }) => version.kind) },
  KeyId: { options: ['Equals', 'BeginsWith'], of: ofText(({ version }) => version.keyId) },
}

const DESCRIBED: Readonly<Record<string, FilterKind>> = {
  Path: {
    options: ['OneLevel', 'Recursive'],
    of: (option, values) => {
      const paths = values.map(parsePath)
      return ({ name }) => paths.some((path) => isBelow(name, path, option === 'Recursive'))
    },
  },
  Name: { options: ['Equals', 'BeginsWith', 'Contains'], of: ofText(({ name }) => name) },
  ...BY_PATH,
  Tier: { options: ['Equals', 'BeginsWith'], values: TIERS, of: ofText(({ version }) => version.tier) },
  DataType: { options: ['Equals', 'BeginsWith'], of: ofText(() => 'text') },
}

/** `ParameterFilters` of DescribeParameters. Throws InvalidFilterKey, InvalidFilterOption, InvalidFilterValue and ValidationException. */
export function describeFilters(filters: readonly ParameterStringFilter[] = []): Filter[] {
  return parseFilters(filters, DESCRIBED)
}

/** `ParameterFilters` of GetParametersByPath, which can choose a version by its label beside. */
export function pathFilters(filters: readonly ParameterStringFilter[] = []): {
  readonly filters: Filter[]
  readonly labels: readonly string[] | undefined
} {
  const label = filters.find(({ Key }) => Key === 'Label')
  if (label?.Option !== undefined && label.Option !== 'Equals') throw optionError(label.Option, ['Equals'])
  const labels = label && valuesOf('Label', label)
  const others = filters.filter((filter) => filter !== label)
  return { filters: parseFilters(others, BY_PATH, 'Type, KeyId, Label'), labels }
}

/** The older `Filters`, whose names are beginnings. */
export function olderFilters(filters: readonly ParametersFilter[] = []): Filter[] {
  return filters.map(({ Key, Values }) => {
    const known = Key === 'Name' || Key === 'Type' || Key === 'KeyId' ? DESCRIBED[Key] : undefined
    if (known === undefined) throw keyError(String(Key), 'Name, Type, KeyId')
    return known.of(Key === 'Name' ? 'BeginsWith' : 'Equals', Values ?? [])
  })
}

/** Whether a name is in a path, or anywhere below it. `/` has what begins with a slash below it, and names without any in it. */
export function isBelow(name: string, path: string, isRecursive: boolean): boolean {
  if (path === '/' && !name.includes('/')) return true
  const begin = path === '/' ? '/' : `${path}/`
  return name.startsWith(begin) && (isRecursive || !name.slice(begin.length).includes('/'))
}

function parseFilters(
  filters: readonly ParameterStringFilter[],
  kinds: Readonly<Record<string, FilterKind>>,
  names = Object.keys(kinds).join(', '),
): Filter[] {
  const seen = new Set<string>()
  return filters.map((filter) => {
    const key = String(filter.Key)
    if (seen.has(key)) {
      throw validation(
        `The following filter is duplicated in the request: ${key}. A request can contain only one occurrence of a specific filter.`,
      )
    }
    seen.add(key)
    if (key.startsWith('tag:') && key.length > 4) return tagFilter(key.slice(4), filter)
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined
    if (kind === undefined) throw keyError(key, names)
    const values = valuesOf(key, filter)
    const option = filter.Option ?? String(kind.options[0])
    if (!kind.options.includes(option)) throw optionError(option, kind.options)
    for (const value of values) {
      if (kind.values === undefined || kind.values.includes(value)) continue
      throw invalidFilterOption(
        `The following filter value is not valid: ${value}. Valid values include: [${kind.values.join(', ')}].`,
      )
    }
    return kind.of(option, values)
  })
}

/** Without values: has the tag at all. */
function tagFilter(tag: string, { Option, Values = [] }: ParameterStringFilter): Filter {
  if (Option !== undefined && Option !== 'Equals') throw optionError(Option, ['Equals'])
  return ({ row }) => {
    const value = Object.hasOwn(row.tags, tag) ? row.tags[tag] : undefined
    return value !== undefined && (Values.length === 0 || Values.includes(value))
  }
}

function valuesOf(key: string, { Values }: ParameterStringFilter): readonly string[] {
  if (Values !== undefined && Values.length > 0) return Values
  throw invalidFilterValue(`The following filter values are missing : null for filter key ${key}.`)
}

function keyError(key: string, names: string) {
  return invalidFilterKey(`The following filter key is not valid: ${key}. Valid filter keys include: [${names}].`)
}

function optionError(option: string, options: readonly string[]) {
  return invalidFilterOption(
    `The following filter option is not valid: ${option}. Valid options include: [${options.join(', ')}].`,
  )
}
