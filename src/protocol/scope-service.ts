import type { WireRequest } from './service.ts'

/** The service a request says it was signed for, before anything is verified: it decides who verifies. Undefined when unsigned. */
export function scopeService(request: WireRequest): string | undefined {
  const { authorization } = request.headers
  if (authorization !== undefined) return fourthPart(authorization, 'Credential=', '/')
  const { query } = request
  const at = query.indexOf('X-Amz-Credential=')
  if (at === -1) return undefined
  const end = query.indexOf('&', at)
  const parameter = query.slice(at, end === -1 ? undefined : end)
  return fourthPart(parameter, 'X-Amz-Credential=', parameter.includes('%2F') ? '%2F' : '/')
}

/** The fourth part of `AKID/20260131/us-east-1/s3/aws4_request`; an access key has no slash. */
function fourthPart(text: string, marker: string, separator: string): string | undefined {
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
