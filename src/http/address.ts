const CACHED_HOSTS_MAX = 1000

/**
 * The bucket that a Host header names, undefined for path style. Tells virtual-hosted from path-style requests. The longest configured domain wins, and a domain itself is never a bucket:
 * with `localhost` and `aws.localhost` configured, `aws.localhost` is the endpoint. `s3.<domain>` and `s3.<region>.<domain>` are
 * the endpoint too. An address in digits is always path style.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function createAddressReader(domains: readonly string[]): (host: string) => string | undefined {
  const byLength = domains.toSorted((a, b) => b.length - a.length)
  const cache = new Map<string, string | null>()
  return (host) => {
    const cached = cache.get(host)
    if (cached !== undefined) return cached ?? undefined
    const bucket = bucketOf(withoutPort(host).toLowerCase(), byLength)
    // Clients choose the host; a cache without a bound would be theirs to fill.
    if (cache.size >= CACHED_HOSTS_MAX) cache.clear()
    cache.set(host, bucket ?? null)
    return bucket
  }
}

function bucketOf(name: string, domains: readonly string[]): string | undefined {
  if (domains.includes(name)) return undefined
  const domain = domains.find((candidate) => name.endsWith(`.${candidate}`))
  if (domain === undefined) return undefined
  const bucket = name.slice(0, -domain.length - 1).replace(/(^|\.)s3([.-](dualstack\.)?[a-z]{2}(-[a-z]+)+-\d)?$/, '')
  return bucket === '' ? undefined : bucket
}

function withoutPort(host: string): string {
  if (host.startsWith('[')) return host.slice(0, host.indexOf(']') + 1)
  const colon = host.lastIndexOf(':')
  return colon === -1 ? host : host.slice(0, colon)
}

/** An address clients can use: the unspecified one is everywhere, also here. */
export function printable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
