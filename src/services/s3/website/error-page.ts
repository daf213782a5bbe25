import type { HttpReply } from '../../../protocol/pipeline.ts'
import { parseXml } from '../../../protocol/xml-parse.ts'

/** Why a website has no document to show. */
export interface Failure {
  readonly status: number
  readonly code: string
  readonly message: string
  /** What the page lists beside code and message. */
  readonly details?: Readonly<Record<string, string>>
}

/** S3's error as the reply says it. Replies to HEAD have no body, and only their status speaks. */
export function failureOf({ status, body, headers }: HttpReply, key: string): Failure {
  const error = body instanceof Uint8Array && body.length > 0 ? parseXml(Buffer.from(body)).children : []
  const element = (name: string) => error.find((child) => child.name === name)?.text
  const { code, message } = BY_STATUS[status] ?? { code: STATUS_TEXTS[status] ?? 'Error', message: '' }
  const requestId = headers['x-amz-request-id']
  const hostId = headers['x-amz-id-2']
  return {
    status,
    code: element('Code') ?? code,
    message: element('Message') ?? message,
    details: {
      ...(status === 404 && { Key: key }),
      ...(typeof requestId === 'string' && { RequestId: requestId }),
      ...(typeof hostId === 'string' && { HostId: hostId }),
    },
  }
}

/** The page that stands in for a document, and headers that say the same. `ofDocument`: the error document could not be had either. */
export function errorPage(failure: Failure, ofDocument?: Failure): Pick<HttpReply, 'headers'> & { body: Buffer } {
  const title = `${failure.status} ${STATUS_TEXTS[failure.status] ?? 'Error'}`
  const body = Buffer.from(
    [
      '<html>',
      `<head><title>${title}</title></head>`,
      '<body>',
      `<h1>${title}</h1>`,
      list(failure),
      ...(ofDocument === undefined ? [] : [`<h3>${DOCUMENT_FAILED}</h3>`, list(ofDocument)]),
      '<hr/>',
      '</body>',
      '</html>',
      '',
    ].join('\n'),
  )
  return {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-length': String(body.length),
      'x-amz-error-code': failure.code,
      'x-amz-error-message': failure.message,
    },
    body,
  }
}

const DOCUMENT_FAILED = 'An Error Occurred While Attempting to Retrieve a Custom Error Document'

const BY_STATUS: Readonly<Record<number, { readonly code: string; readonly message: string }>> = {
  403: { code: 'AccessDenied', message: 'Access Denied' },
  404: { code: 'NoSuchKey', message: 'The specified key does not exist.' },
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  412: 'Precondition Failed',
  416: 'Requested Range Not Satisfiable',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

function list({ code, message, details = {} }: Failure): string {
  const items = Object.entries({ Code: code, Message: message, ...details })
  return ['<ul>', ...items.map(([name, text]) => `<li>${name}: ${escaped(text)}</li>`), '</ul>'].join('\n')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
