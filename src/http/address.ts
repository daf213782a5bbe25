/** What the Host header says about a request, beside the endpoint's own name. */
export interface Address {
  /** Bucket of a virtual-hosted request; undefined for path style. */
  readonly bucket: string | undefined
}

const PATH_STYLE: Address = { bucket: undefined }
const CACHED_HOSTS_MAX = 1000

/**
 * Tells virtual-hosted from path-style requests. The longest configured domain wins, and a domain itself is never a bucket:
 * with `localhost` and `aws.localhost` configured, `aws.localhost` is the endpoint. `s3.<domain>` and `s3.<region>.<domain>` are
 * the endpoint too. An address in digits is always path style.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function createAddressReader(domains: readonly string[]): (host: string) => Address {
  const byLength = domains.toSorted((a, b) => b.length - a.length)
  const cache = new Map<string, Address>()
  return (host) => {
    const cached = cache.get(host)
    if (cached !== undefined) return cached
    const address = readAddress(withoutPort(host).toLowerCase(), byLength)
    // Clients choose the host; a cache without a bound would be theirs to fill.
    if (cache.size >= CACHED_HOSTS_MAX) cache.clear()
    cache.set(host, address)
    return address
  }
}

function readAddress(name: string, domains: readonly string[]): Address {
  if (domains.includes(name)) return PATH_STYLE
  const domain = domains.find((candidate) => name.endsWith(`.${candidate}`))
  if (domain === undefined) return PATH_STYLE
  const bucket = name.slice(0, -domain.length - 1).replace(/(^|\.)s3([.-](dualstack\.)?[a-z]{2}(-[a-z]+)+-\d)?$/, '')
  return bucket === '' ? PATH_STYLE : { bucket }
}

function withoutPort(host: string): string {
  if (host.startsWith('[')) return host.slice(0, host.indexOf(']') + 1)
  const colon = host.lastIndexOf(':')
  return colon === -1 ? host : host.slice(0, colon)
}
