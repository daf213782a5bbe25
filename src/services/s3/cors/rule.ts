/** One rule of a bucket's CORS configuration, validated. */
export interface CorsRule {
  readonly id?: string
  /** At most one `*` each. */
  readonly allowedOrigins: readonly string[]
  readonly allowedMethods: readonly string[]
  /** As given, at most one `*` each; names of headers have no case. */
  readonly allowedHeaders: readonly string[]
  readonly exposeHeaders: readonly string[]
  readonly maxAgeSeconds?: number
}

/** What a page of another origin asks for. */
export interface CrossOriginRequest {
  readonly origin: string
  readonly method: string
  /** Of a preflight: the headers that the page means to send. */
  readonly headers: readonly string[]
}

/** The first rule that allows it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html */
export function findCorsRule(rules: readonly CorsRule[], request: CrossOriginRequest): CorsRule | undefined {
  return rules.find(
    (rule) =>
      rule.allowedMethods.includes(request.method) &&
      rule.allowedOrigins.some((pattern) => fits(pattern, request.origin)) &&
      request.headers.every((name) =>
        rule.allowedHeaders.some((pattern) => fits(pattern.toLowerCase(), name.toLowerCase())),
      ),
  )
}

/** What the browser is told. A rule for everyone says so, and then credentials are not allowed. */
export function corsHeaders(rule: CorsRule, request: CrossOriginRequest): Record<string, string> {
  const { allowedMethods, exposeHeaders, maxAgeSeconds } = rule
  const isForEveryone = rule.allowedOrigins.find((pattern) => fits(pattern, request.origin)) === '*'
  return {
    'access-control-allow-origin': isForEveryone ? '*' : request.origin,
    ...(!isForEveryone && { 'access-control-allow-credentials': 'true' }),
    'access-control-allow-methods': allowedMethods.join(', '),
    ...(request.headers.length > 0 && { 'access-control-allow-headers': request.headers.join(', ') }),
    ...(exposeHeaders.length > 0 && { 'access-control-expose-headers': exposeHeaders.join(', ') }),
    ...(maxAgeSeconds !== undefined && { 'access-control-max-age': String(maxAgeSeconds) }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  }
}

/** `http://*.example.com`: the star stands for anything, also for nothing. */
function fits(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*')
  if (star === -1) return pattern === text
  const tail = pattern.length - star - 1
  return text.length >= star + tail && text.startsWith(pattern.slice(0, star)) && text.endsWith(pattern.slice(star + 1))
}
