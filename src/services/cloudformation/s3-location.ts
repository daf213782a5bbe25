/** Where a template, a policy or a piece of a template lies. */
export interface S3Location {
  readonly bucket: string
  readonly key: string
  readonly versionId: string | undefined
}

const AWS_HOST = /^(?:(?<bucket>.+)\.)?s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$/

/**
 * The object that a URL means, whichever of S3's forms it has: `s3://bucket/key`, a path under an endpoint of S3, or the bucket in front of
 * the host. Nothing is ever fetched from elsewhere: a host that is neither S3's nor one of `ownHosts` means no object, and the answer is
 * undefined. `ownHosts` are `host` or `host:port`, as clients address this server.
 */
export function findS3Location(url: string, ownHosts: readonly string[]): S3Location | undefined {
  const parsed = parseUrl(url)
  if (parsed === undefined) return undefined
  const { protocol, hostname, host, pathname, searchParams } = parsed
  const path = decoded(pathname.slice(1))
  if (path === undefined) return undefined
  const versionId = searchParams.get('versionId') ?? undefined
  if (protocol === 's3:') return located(decoded(hostname) ?? '', path, versionId)
  if (protocol !== 'https:' && protocol !== 'http:') return undefined
  const aws = AWS_HOST.exec(hostname)
  if (aws !== null) return inHost(aws.groups?.['bucket'], path, versionId)
  for (const own of ownHosts) {
    // Clients may reach the same server by another port, through a proxy: the name is what counts.
    const name = own.replace(/:\d+$/, '')
    if (host === own || hostname === name) return inHost(undefined, path, versionId)
    if (!/^[\d.]+$/.test(name) && hostname.endsWith(`.${name}`)) {
      return inHost(hostname.slice(0, -name.length - 1).replace(/(^|\.)s3$/, ''), path, versionId)
    }
  }
  return undefined
}

/** `bucket` is what stands before the endpoint's name; without one the path begins with the bucket. */
function inHost(bucket: string | undefined, path: string, versionId: string | undefined): S3Location | undefined {
  if (bucket !== undefined && bucket !== '') return located(bucket, path, versionId)
  const slash = path.indexOf('/')
  return slash === -1 ? undefined : located(path.slice(0, slash), path.slice(slash + 1), versionId)
}

function located(bucket: string, key: string, versionId: string | undefined): S3Location | undefined {
  return bucket === '' || key === '' ? undefined : { bucket, key, versionId }
}

function parseUrl(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
