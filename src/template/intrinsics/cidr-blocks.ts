/** Blocks that `Fn::Cidr` gives at most. AWS: 256. */
export const CIDR_BLOCK_COUNT_MAX = 256

interface Family {
  readonly addressBits: 32 | 128
  /** Host bits of each block unless the template says. */
  readonly subnetBits: number
  parse(text: string): bigint | undefined
  format(address: bigint): string
}

/** The first `count` blocks of `hostBits` host bits in a block (`10.0.0.0/16`); undefined when that is not possible. */
export function cidrBlocks(block: string, count: number, hostBits: number | undefined): readonly string[] | undefined {
  const [text = '', prefixText] = block.split('/')
  const family = text.includes(':') ? IPV6 : IPV4
  const address = family.parse(text)
  const prefix = prefixText !== undefined && /^\d+$/.test(prefixText) ? Number(prefixText) : Number.NaN
  const bits = hostBits ?? family.subnetBits
  if (address === undefined || !(prefix <= family.addressBits)) return undefined
  if (!Number.isInteger(count) || count < 1 || count > CIDR_BLOCK_COUNT_MAX) return undefined
  if (!Number.isInteger(bits) || bits < 1 || bits > family.addressBits - prefix) return undefined
  if (BigInt(count) > 1n << BigInt(family.addressBits - prefix - bits)) return undefined
  const mask = BigInt(family.addressBits - prefix)
  const start = (address >> mask) << mask
  return Array.from(
    { length: count },
    (_, index) => `${family.format(start + (BigInt(index) << BigInt(bits)))}/${family.addressBits - bits}`,
  )
}

const IPV4: Family = {
  addressBits: 32,
  subnetBits: 8,
  parse: (text) => {
    const parts = text.split('.')
    if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined
    return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
  },
  format: (address) => [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join('.'),
}

const IPV6: Family = {
  addressBits: 128,
  subnetBits: 64,
  parse: (text) => {
    const halves = text.split('::')
    if (halves.length > 2) return undefined
    const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
    const gap = 8 - head.length - tail.length
    if (halves.length === 2 ? gap < 1 : gap !== 0) return undefined
    const groups = [...head, ...Array<string>(gap).fill('0'), ...tail]
    if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
    return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n)
  },
  format: (address) => {
    const groups = Array.from({ length: 8 }, (_, index) =>
      ((address >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
    )
    return shorten(groups)
  },
}

/** The longest run of zero groups as `::` (RFC 5952). */
function shorten(groups: readonly string[]): string {
  const text = groups.join(':')
  const longest = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].reduce<RegExpExecArray | undefined>(
    (best, run) => (best === undefined || run[0].length > best[0].length ? run : best),
    undefined,
  )
  if (longest === undefined) return text
  const before = text.slice(0, longest.index)
  const after = text.slice(longest.index + longest[0].length)
  return `${before}::${after.replace(/^:/, '')}`
}
