import { AwsError } from '../../../protocol/errors.ts'
import type { Operation } from '../../../protocol/operation.ts'
import type { WireRequest } from '../../../protocol/service.ts'
import type { S3 } from '../service.ts'
import { corsHeaders, findCorsRule } from './rule.ts'

export interface PreflightInput {
  readonly Bucket?: string
  readonly Key?: string
  readonly Origin?: string
  readonly AccessControlRequestMethod?: string
  readonly AccessControlRequestHeaders?: string
}

/** `OPTIONS`: the browser asks whether a page may send the request it has in mind. Nobody is authenticated: browsers send no credentials. */
export const corsPreflight: Operation<PreflightInput, object, S3> = {
  authorize: () => [],

  async handle({ input, reply }, s3) {
    const { Bucket: name, Origin: origin, AccessControlRequestMethod: method } = input
    if (origin === undefined || origin === '') {
      throw badRequest('Insufficient information. Origin request header needed.')
    }
    if (method === undefined || method === '') throw badRequest('Invalid Access-Control-Request-Method: null')
    const about = { Method: method, ResourceType: input.Key === undefined ? 'BUCKET' : 'OBJECT' }
    const bucket = name === undefined ? undefined : await s3.buckets.find(name)
    if (bucket === undefined) throw forbidden('Bucket not found', { ...about, ResourceType: 'BUCKET' })
    if (bucket.cors.length === 0) throw forbidden('CORS is not enabled for this bucket.', about)
    const request = { origin, method, headers: requestedHeaders(input.AccessControlRequestHeaders) }
    const rule = findCorsRule(bucket.cors, request)
    if (rule === undefined) {
      throw forbidden(
        "This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
        about,
      )
    }
    Object.assign(reply.headers, corsHeaders(rule, request))
    return {}
  },
}

/** The headers of a reply to a page of another origin; without them, the browser keeps the reply from the page. */
export async function crossOriginHeaders(
  s3: S3,
  { method, headers }: WireRequest,
  bucketName: string | undefined,
): Promise<Readonly<Record<string, string>> | undefined> {
  const origin = headers['origin']
  const bucket = origin === undefined || bucketName === undefined ? undefined : await s3.buckets.find(bucketName)
  if (origin === undefined || bucket === undefined || bucket.cors.length === 0) return undefined
  const request = { origin, method, headers: [] }
  const rule = findCorsRule(bucket.cors, request)
  return rule === undefined ? undefined : corsHeaders(rule, request)
}

function requestedHeaders(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

const badRequest = (message: string): AwsError => new AwsError('BadRequest', 400, message)

const forbidden = (message: string, fields: Record<string, string>): AwsError =>
  new AwsError('AccessForbidden', 403, `CORSResponse: ${message}`, fields)
