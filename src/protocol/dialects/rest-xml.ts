import { AwsError } from '../errors.ts'
import { BadBinding } from '../rest-input.ts'
import type { Model } from '../schema.ts'
import { Unreadable } from '../unreadable.ts'
import { parseXml } from '../xml-parse.ts'
import { xmlReader } from '../xml-read.ts'
import { escapeXml, XML_DECLARATION, xmlWriter } from '../xml-write.ts'
import { type Dialect, isBodiless, mergeHeaders, perOperation } from './dialect.ts'
import { type RestDocuments, restReader, restWriter } from './rest-body.ts'

/** S3's dialect: REST with XML documents, errors without a namespace, and S3's own codes for what does not parse. */
export function restXml(model: Model): Dialect {
  const documents = xmlDocuments(model)
  const reader = perOperation((operation) => restReader(operation, documents, true))
  const writer = perOperation((operation) => restWriter(operation, documents))
  return {
    protocol: 'restXml',
    read: (route, request, body) => (route.schema === undefined ? {} : reader(route.schema)(route, request, body)),
    write: (operation, output, reply) => writer(operation)(output, reply),
    writeError(error, _, ids) {
      const headers = { 'content-type': 'application/xml' }
      mergeHeaders(headers, error.headers)
      if (isBodiless(error.status)) return { status: error.status, headers, body: undefined }
      let fields = ''
      for (const [name, value] of Object.entries(error.fields))
        fields += `<${name}>${escapeXml(String(value))}</${name}>`
      const start = `${XML_DECLARATION}<Error><Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message>`
      const end = `<RequestId>${ids.requestId}</RequestId><HostId>${ids.hostId}</HostId></Error>`
      return { status: error.status, headers, body: Buffer.from(start + fields + end) }
    },
    unreadable,
  }
}

function xmlDocuments(model: Model): RestDocuments {
  const xml = xmlWriter({ shortTimestamps: false })
  const namespace = model.xmlNamespace === undefined ? '' : ` xmlns="${model.xmlNamespace}"`
  return {
    contentType: 'application/xml',
    emptyDocument: undefined,
    reader(schema, payload) {
      const root = payload?.traits.xmlName ?? schema.traits.xmlName ?? payload?.name ?? schema.name
      const alternative = schema.name
      const read = xmlReader(schema)
      return (body) => {
        if (body.length === 0 && payload === undefined) return {}
        const node = parseXml(body)
        if (node.name !== root && node.name !== alternative)
          throw new Unreadable(`the root element is ${node.name} instead of ${root}`)
        return read(node) as Record<string, unknown>
      }
    },
    writer(operation, schema, payload) {
      if (operation.xmlUnwrapped) {
        const [member] = schema.members
        if (member === undefined) throw new Error(`${operation.name} has no member to unwrap`)
        const name = member.traits.xmlName ?? member.name
        const write = xml.element(
          { ...member, traits: { ...member.traits, xmlNamespace: model.xmlNamespace ?? '' } },
          name,
        )
        return (value) => Buffer.from(XML_DECLARATION + write((value as Record<string, unknown>)[member.name] ?? ''))
      }
      const root = payload?.traits.xmlName ?? schema.traits.xmlName ?? schema.name
      const write = xml.content(schema, schema.members)
      const attributes = xml.attributes(schema)
      return (value) =>
        Buffer.from(`${XML_DECLARATION}<${root}${namespace}${attributes(value)}>${write(value)}</${root}>`)
    },
    compileEvent(schema, members) {
      const root = schema.traits.xmlName ?? schema.name
      const write = xml.content(schema, members)
      return (value) => Buffer.from(`<${root}${namespace}>${write(value)}</${root}>`)
    },
    missingPayload() {
      throw new AwsError('MissingRequestBodyError', 400, 'Request body is empty.')
    },
  }
}

/** Whose documents have a code of their own when they cannot be read. */
const ACL_OPERATIONS = new Set(['PutBucketAcl', 'PutObjectAcl'])

function unreadable(error: Unreadable, operation?: string): AwsError {
  if (!(error instanceof BadBinding)) {
    return new AwsError(
      operation !== undefined && ACL_OPERATIONS.has(operation) ? 'MalformedACLError' : 'MalformedXML',
      400,
      'The XML you provided was not well-formed or did not validate against our published schema',
    )
  }
  const { location, wireName, value } = error
  if (location === 'label') return invalidUri()
  if (value === undefined) {
    return location === 'header'
      ? new AwsError('InvalidRequest', 400, `Missing required header for this request: ${wireName}`)
      : new AwsError('InvalidRequest', 400, `Missing required query parameter for this request: ${wireName}`)
  }
  const message = error.isNumber ? `Provided ${wireName} not an integer or within integer range` : `Invalid ${wireName}`
  return new AwsError('InvalidArgument', 400, message, { ArgumentName: wireName, ArgumentValue: value })
}

export function invalidUri(): AwsError {
  return new AwsError('InvalidURI', 400, "Couldn't parse the specified URI.")
}
