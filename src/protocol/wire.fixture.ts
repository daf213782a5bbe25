import type { WireRequest } from './service.ts'

/** A request for tests: what is not given is plain. */
export function wireRequest(
  method: string,
  target: string,
  headers: Record<string, string> = {},
  hostBucket?: string,
): WireRequest {
  const mark = target.indexOf('?')
  return {
    method,
    target,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers,
    host: 'localhost',
    hostBucket,
  }
}
