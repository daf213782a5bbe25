import type { ServiceProtocol, WireRequest } from './service.ts'

/** The service a request is for. */
export type ServiceFinder<E> = (request: WireRequest) => E

interface Findable {
  readonly protocol: ServiceProtocol
  readonly signingName: string
}

/** Versions in the query interface of services that AWS calls unsigned, or that a client may forget to sign. */
const QUERY_VERSIONS: Readonly<Record<string, string>> = {
  '2010-05-08': 'iam',
  '2011-06-15': 'sts',
  '2010-03-31': 'sns',
  '2010-05-15': 'cloudformation',
  '2012-11-05': 'sqs',
  '2010-08-01': 'monitoring',
}

/** `x-amz-target` prefixes, up to the dot. */
const TARGETS: Readonly<Record<string, string>> = {
  Logs_20140328: 'logs',
  AWSEvents: 'events',
  AmazonSSM: 'ssm',
  AmazonSQS: 'sqs',
  GraniteServiceVersion20100801: 'monitoring',
}

const LAMBDA_PATH =
  /^\/(2014-11-13|2015-03-31|2016-08-19|2017-03-31|2017-10-31|2018-10-31|2019-09-25|2019-09-30|2020-04-22|2020-06-30|2021-10-31|2021-11-15|2024-08-31)\/[a-z]/

/**
 * All services share one address, so the request must say which it means: by the service in its credential scope; unsigned, by target
 * header, query version or Lambda's dated paths; otherwise it is S3, the only service whose anonymous requests have a meaning.
 */
export function serviceFinder<E extends Findable>(endpoints: readonly E[]): ServiceFinder<E> {
  const bySigningName = new Map(endpoints.map((endpoint) => [endpoint.signingName, endpoint]))
  const fallback = bySigningName.get('s3') ?? (endpoints[0] as E)
  return (request) => bySigningName.get(signedFor(request) ?? guess(request)) ?? fallback
}

function signedFor(request: WireRequest): string | undefined {
  const { authorization } = request.headers
  if (authorization !== undefined) return scopeService(authorization, 'Credential=', '/')
  const { query } = request
  const at = query.indexOf('X-Amz-Credential=')
  if (at === -1) return undefined
  const end = query.indexOf('&', at)
  const parameter = query.slice(at, end === -1 ? undefined : end)
  return scopeService(parameter, 'X-Amz-Credential=', parameter.includes('%2F') ? '%2F' : '/')
}

/** The fourth part of `AKID/20260131/us-east-1/s3/aws4_request`; an access key has no slash. */
function scopeService(text: string, marker: string, separator: string): string | undefined {
  let at = text.indexOf(marker)
  if (at === -1) return undefined
  at += marker.length
  for (let part = 0; part < 3; part++) {
    const next = text.indexOf(separator, at)
    if (next === -1) return undefined
    at = next + separator.length
  }
  const end = text.indexOf(separator, at)
  return end === -1 ? undefined : text.slice(at, end)
}

function guess(request: WireRequest): string {
  const target = request.headers['x-amz-target']
  if (target !== undefined) return TARGETS[target.slice(0, target.indexOf('.'))] ?? 's3'
  const version = /(?:^|&)Version=(\d{4}-\d\d-\d\d)/.exec(request.query)?.[1]
  if (version !== undefined && /(?:^|&)Action=/.test(request.query)) return QUERY_VERSIONS[version] ?? 's3'
  return LAMBDA_PATH.test(request.path) ? 'lambda' : 's3'
}
