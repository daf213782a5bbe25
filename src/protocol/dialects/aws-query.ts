import { AwsError } from '../errors.ts'
import { readQuery } from '../query.ts'
import type { Model } from '../schema.ts'
import type { WireReply } from '../service.ts'
import { escapeXml, xmlWriter } from '../xml-write.ts'
import { type Dialect, mergeHeaders, messageName, perOperation } from './dialect.ts'

/** Form in, XML out: IAM, STS, SNS, CloudFormation, and the older clients of SQS and CloudWatch. */
export function awsQuery(model: Model): Dialect {
  const xml = xmlWriter({ shortTimestamps: true })
  const namespace = model.xmlNamespace ?? defaultNamespace(model)
  const writer = perOperation(({ name, output }) => {
    const open = `<${name}Response xmlns="${namespace}">`
    // Operations without an output have no result either; botocore insists on the element where the output is merely empty (ExecuteChangeSet).
    if (output === undefined) return () => open
    const write = xml.content(output)
    return (value: object) => {
      const inside = write(value)
      return inside === '' ? `${open}<${name}Result/>` : `${open}<${name}Result>${inside}</${name}Result>`
    }
  })
  return {
    protocol: 'awsQuery',
    read: (route) => (route.schema?.input === undefined ? {} : readQuery(route.schema.input, route.form)),
    write(operation, output, reply, ids) {
      const end = `<ResponseMetadata><RequestId>${ids.requestId}</RequestId></ResponseMetadata></${operation.name}Response>`
      const headers: WireReply['headers'] = { 'content-type': 'text/xml' }
      mergeHeaders(headers, reply.headers)
      return { status: reply.status ?? 200, headers, body: Buffer.from(writer(operation)(output) + end) }
    },
    writeError(error, modelled, ids) {
      const code = modelled?.traits.awsQueryError?.[0] ?? error.code
      const fault = error.status < 500 ? 'Sender' : 'Receiver'
      const capital = messageName(modelled, 'Message') === 'message' ? 'message' : 'Message'
      let fields = ''
      for (const [name, value] of Object.entries(error.fields))
        fields += `<${name}>${escapeXml(String(value))}</${name}>`
      const inside = `<Type>${fault}</Type><Code>${escapeXml(code)}</Code><Message>${escapeXml(error.message)}</Message>`
      // A few errors model the message in lower case and SDKs read the modelled name only.
      const message = capital === 'message' ? `<message>${escapeXml(error.message)}</message>` : ''
      const body = `<ErrorResponse xmlns="${namespace}"><Error>${inside}${message}${fields}</Error><RequestId>${ids.requestId}</RequestId></ErrorResponse>`
      const headers: WireReply['headers'] = { 'content-type': 'text/xml' }
      mergeHeaders(headers, error.headers)
      return { status: error.status, headers, body: Buffer.from(body) }
    },
    unreadable: (error) => new AwsError('MalformedInput', 400, error.message),
  }
}

/** SQS speaks JSON by its model, which therefore has no XML namespace; its query answers have had this one. */
function defaultNamespace(model: Model): string {
  return `http://queue.amazonaws.com/doc/${model.version}/`
}
