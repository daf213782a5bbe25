import { uuid } from '../std/ids.ts'
import { AwsError } from './errors.ts'
import type { WireReply, WireRequest } from './service.ts'
import { serviceNames, signingNames } from './services.ts'
import { escapeXml } from './xml-write.ts'

/** Services that speak restJson, whose requests look like those of any other by nothing but their signature. */
const REST_JSON = new Set([
  'apigateway',
  'appconfig',
  'appsync',
  'backup',
  'batch',
  'bedrock',
  'eks',
  'elasticfilesystem',
  'es',
  'execute-api',
  'iot',
  'kafka',
  'mq',
  'pipes',
  'schemas',
  'xray',
])

/**
 * The answer to a call for a service of AWS that is not here, in the words of its protocol, or undefined when the call may be for one that is: a
 * signature for an unknown service on what looks like a request to S3 is S3's to refuse.
 */
export function answerForAbsentService(request: WireRequest, scopeService: string | undefined): WireReply | undefined {
  if (scopeService === undefined || signingNames().has(scopeService)) return undefined
  const protocol = protocolOf(request, scopeService)
  if (protocol === undefined) return undefined
  const message = `Millrace has no service "${scopeService}". It has: ${serviceNames().join(', ')}.`
  const error = new AwsError('NotImplemented', 501, message)
  const requestId = uuid()
  const reply = protocol === 'query' ? asXml(error, requestId) : asJson(error)
  reply.headers['x-amzn-requestid'] = requestId
  return reply
}

function protocolOf({ method, path, headers }: WireRequest, scopeService: string): 'json' | 'query' | undefined {
  const type = headers['content-type'] ?? ''
  if (headers['x-amz-target'] !== undefined || type.startsWith('application/x-amz-json')) return 'json'
  if (method === 'POST' && path === '/' && type.startsWith('application/x-www-form-urlencoded')) return 'query'
  return REST_JSON.has(scopeService) ? 'json' : undefined
}

function asJson({ code, status, message }: AwsError): WireReply {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code }
  return { status, headers, body: Buffer.from(JSON.stringify({ __type: code, message })) }
}

function asXml({ code, status, message }: AwsError, requestId: string): WireReply {
  const error = `<Error><Type>Receiver</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`
  const body = `<ErrorResponse>${error}<RequestId>${requestId}</RequestId></ErrorResponse>`
  return { status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(body) }
}
