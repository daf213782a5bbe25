import type { Reply } from '../../../protocol/operation.ts'
import { escapeXml, XML_DECLARATION } from '../../../protocol/xml-write.ts'

export interface PostedObject {
  readonly bucket: string
  readonly key: string
  /** Quoted. */
  readonly etag: string
  readonly location: string
}

/** Answers a form as it asks: 204 and nothing, 200 and nothing, 201 and a document, or the way to another page. */
export function replyToForm(
  reply: Reply,
  fields: ReadonlyMap<string, string>,
  { bucket, key, etag, location }: PostedObject,
): { Body?: string } {
  reply.headers['etag'] = etag
  const target = redirectTarget(fields.get('success_action_redirect') ?? fields.get('redirect'))
  if (target !== undefined) {
    for (const [name, value] of Object.entries({ bucket, key, etag })) target.searchParams.append(name, value)
    reply.status = 303
    reply.headers['location'] = target.href
    return {}
  }
  reply.headers['location'] = location
  const status = fields.get('success_action_status')
  reply.status = status === '200' || status === '201' ? Number(status) : 204
  if (reply.status !== 201) return {}
  reply.headers['content-type'] = 'application/xml'
  const elements = { Location: location, Bucket: bucket, Key: key, ETag: etag }
  const content = Object.entries(elements).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`)
  return { Body: `${XML_DECLARATION}<PostResponse>${content.join('')}</PostResponse>` }
}

/** A redirect to what is no address of the web is left out, as S3 does. */
function redirectTarget(text: string | undefined): URL | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined
}
