/** An address as one number, so that IPv4 and IPv6 ranges compare the same way. */
interface Address {
  readonly bits: bigint
  readonly bitCount: 32 | 128
}

/** Whether `address` lies in `range` (CIDR; a bare address is a range of one); undefined when either is malformed. */
export function isInIpRange(address: string, range: string): boolean | undefined {
  const slash = range.indexOf('/')
  const network = parseAddress(slash === -1 ? range : range.slice(0, slash))
  const subject = parseAddress(address)
  if (network === undefined || subject === undefined) return undefined
  const prefixText = slash === -1 ? String(network.bitCount) : range.slice(slash + 1)
  const prefixBits = /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN
  if (!(prefixBits <= network.bitCount)) return undefined
  if (subject.bitCount !== network.bitCount) return false
  const dropped = BigInt(network.bitCount - prefixBits)
  return subject.bits >> dropped === network.bits >> dropped
}

function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const bits = parseV4(text)
    return bits === undefined ? undefined : { bits, bitCount: 32 }
  }
  const bits = parseV6(text)
  if (bits === undefined) return undefined
  // A dual-stack socket reports IPv4 peers as ::ffff:a.b.c.d; policies speak of the IPv4 address.
  return bits >> 32n === 0xffffn ? { bits: bits & 0xffffffffn, bitCount: 32 } : { bits, bitCount: 128 }
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let bits = 0n
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined
    bits = (bits << 8n) | BigInt(part)
  }
  return bits
}

function parseV6(text: string): bigint | undefined {
  const lastColon = text.lastIndexOf(':')
  const tail = text.slice(lastColon + 1)
  let plain = text
  if (tail.includes('.')) {
    const v4 = parseV4(tail)
    if (v4 === undefined) return undefined
    plain = `${text.slice(0, lastColon + 1)}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`
  }
  const halves = plain.split('::')
  if (halves.length > 2) return undefined
  const [head = [], rest = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - head.length - rest.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  let bits = 0n
  for (const group of [...head, ...Array<string>(missing).fill('0'), ...rest]) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined
    bits = (bits << 16n) | BigInt(`0x${group}`)
  }
  return bits
}
