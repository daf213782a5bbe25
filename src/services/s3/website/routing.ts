export type WebProtocol = 'http' | 'https'

/** How a bucket answers as a website, validated. */
export type Website =
  | { readonly kind: 'redirect'; readonly hostName: string; readonly protocol?: WebProtocol }
  | {
      readonly kind: 'documents'
      /** Appended to requests for folders; has no slash. */
      readonly indexSuffix: string
      readonly errorKey?: string
      readonly rules: readonly RoutingRule[]
    }

/** With no condition, every request meets it. */
export interface RoutingRule {
  readonly keyPrefix?: string
  /** Only looked at when the object could not be had. */
  readonly errorStatus?: number
  readonly redirect: Redirect
}

/** What is absent stays as it was asked for. */
export interface Redirect {
  readonly protocol?: WebProtocol
  readonly hostName?: string
  /** Stands in for the prefix of the rule's condition. */
  readonly keyPrefix?: string
  readonly key?: string
  /** 301 unless it says otherwise. */
  readonly status?: number
}

/** A request to a website, as its visitor wrote it. */
export interface Visit {
  readonly host: string
  /** Decoded. */
  readonly key: string
  /** Raw, without the `?`. */
  readonly query: string
}

/**
 * The first rule that a request meets; before the object is asked for, when there is no `errorStatus`, and after it could not be had.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html
 */
export function findRule(
  rules: readonly RoutingRule[],
  key: string,
  errorStatus: number | undefined,
): RoutingRule | undefined {
  return rules.find((rule) => rule.errorStatus === errorStatus && key.startsWith(rule.keyPrefix ?? ''))
}

/** Where a rule sends a request that meets it. */
export function ruleLocation({ keyPrefix = '', redirect }: RoutingRule, visit: Visit): string {
  const key =
    redirect.key ??
    (redirect.keyPrefix === undefined ? visit.key : redirect.keyPrefix + visit.key.slice(keyPrefix.length))
  return address(redirect.protocol, redirect.hostName ?? visit.host, key, visit.query)
}

/** The same page of another host. */
export function otherHost({ hostName, protocol }: Extract<Website, { kind: 'redirect' }>, visit: Visit): string {
  return address(protocol, hostName, visit.key, visit.query)
}

/** The address of a folder of the same host. A key may begin with a slash, and two of them would begin the name of a host. */
export function folderLocation(key: string): string {
  return `/${keyPath(key).replace(/^\//, '%2F')}/`
}

/** A key as a path, without the slash in front. */
export function keyPath(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/')
}

/** With no protocol, it stays the visitor's: only their browser knows it, where TLS ends at a proxy. */
function address(protocol: WebProtocol | undefined, host: string, key: string, query: string): string {
  return `${protocol === undefined ? '' : `${protocol}:`}//${host}/${keyPath(key)}${query === '' ? '' : `?${query}`}`
}
