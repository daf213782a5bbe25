import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { encodeCbor } from './cbor.ts'
import { AwsError } from './errors.ts'
import { loadService } from './services.ts'
import { wireRequest } from './wire.fixture.ts'

function parsed(
  service: string,
  method: string,
  target: string,
  headers: Record<string, string>,
  body: Buffer | string,
): unknown {
  const protocol = loadService(service)
  const request = wireRequest(method, target, headers)
  const bytes = Buffer.from(body)
  return protocol.parse(protocol.route(request, bytes), request, bytes)
}

function refusal(run: () => unknown): string {
  try {
    return `accepted: ${JSON.stringify(run())}`
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return `${error.status} ${error.code}`
  }
}

const jsonHeaders = (operation: string) => ({
  'x-amz-target': `AmazonSQS.${operation}`,
  'content-type': 'application/x-amz-json-1.0',
})
const sendJson = (operation: string, body: Buffer | string) => parsed('sqs', 'POST', '/', jsonHeaders(operation), body)
const deleteObjects = (xml: string) =>
  parsed('s3', 'POST', '/b?delete', {}, xml) as { Delete: { Objects: { Key: string }[] } }

describe('hostile JSON', () => {
  it.each([
    ['an object for a string', '{"QueueUrl":{"a":1},"MessageBody":"x"}'],
    ['a list for a string', '{"QueueUrl":["a"],"MessageBody":"x"}'],
    ['a number for a string', '{"QueueUrl":1,"MessageBody":"x"}'],
    ['a boolean for a string', '{"QueueUrl":true,"MessageBody":"x"}'],
    ['a string for a number', '{"QueueUrl":"q","MessageBody":"x","DelaySeconds":"5"}'],
    ['a fraction for an integer', '{"QueueUrl":"q","MessageBody":"x","DelaySeconds":1.5}'],
    ['an integer of too many bits', '{"QueueUrl":"q","MessageBody":"x","DelaySeconds":3000000000}'],
    ['a list for a map', '{"QueueUrl":"q","MessageBody":"x","MessageAttributes":[]}'],
    ['a string for a structure', '{"QueueUrl":"q","MessageBody":"x","MessageAttributes":{"a":"b"}}'],
    ['a null in a map', '{"QueueUrl":"q","MessageBody":"x","MessageAttributes":{"a":null}}'],
    [
      'broken base64',
      '{"QueueUrl":"q","MessageBody":"x","MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"a*b="}}}',
    ],
    [
      'base64 of the URL alphabet',
      '{"QueueUrl":"q","MessageBody":"x","MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"_-__"}}}',
    ],
    [
      'base64 without padding',
      '{"QueueUrl":"q","MessageBody":"x","MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"YQ"}}}',
    ],
    ['null', 'null'],
    ['a list', '[1]'],
    ['a string', '"x"'],
    ['half a document', '{"QueueUrl":'],
    ['bytes that are not UTF-8', Buffer.concat([Buffer.from('{"QueueUrl":"'), Buffer.of(0xff), Buffer.from('"}')])],
    ['a document nested deeper than the stack', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
  ])('refuses %s', (_, body) => {
    expect(refusal(() => sendJson('SendMessage', body))).toBe('400 SerializationException')
  })

  it('ignores members that nobody modelled', () => {
    expect(sendJson('SendMessage', '{"__type":"x","Evil":1,"QueueUrl":"q","MessageBody":"x"}')).toEqual({
      QueueUrl: 'q',
      MessageBody: 'x',
    })
  })

  it('keeps __proto__ an ordinary key of a map', () => {
    const input = sendJson('TagQueue', '{"QueueUrl":"q","Tags":{"__proto__":"evil","constructor":"c"}}') as {
      Tags: Record<string, string>
    }
    expect(Object.keys(input.Tags)).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(input.Tags)).toBe(Object.prototype)
    expect(JSON.stringify(input.Tags)).toBe('{"__proto__":"evil","constructor":"c"}')
  })

  it('does not take a polluted input for members', () => {
    expect(sendJson('SendMessage', '{"__proto__":{"QueueUrl":"q"}}')).toEqual({})
  })
})

describe('hostile XML', () => {
  const withKey = (key: string) => `<Delete><Object><Key>${key}</Key></Object></Delete>`

  it.each([
    ['&#128512;', '😀'],
    ['&#x1F600;', '😀'],
    ['&lt;&amp;&gt;&quot;&apos;', '<&>"\''],
    ['<![CDATA[<x>&amp;]]>', '<x>&amp;'],
    ['a&#13;b', 'a\rb'],
    ['\n', '\n'],
    [' a ', ' a '],
    ['a<!-- comment -->b', 'ab'],
  ])('reads the key %j', (written, key) => {
    expect(deleteObjects(withKey(written)).Delete.Objects).toEqual([{ Key: key }])
  })

  it('reads prefixed names', () => {
    const xml =
      '<s3:Delete xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/"><s3:Object><s3:Key>k</s3:Key></s3:Object></s3:Delete>'
    expect(deleteObjects(xml)).toEqual({ Bucket: 'b', Delete: { Objects: [{ Key: 'k' }] } })
  })

  it.each([
    ['an unknown entity', withKey('&bogus;')],
    ['a document type', `<!DOCTYPE x [<!ENTITY e "x">]>${withKey('&e;')}`],
    ['an external entity', `<!DOCTYPE x SYSTEM "file:///etc/passwd">${withKey('k')}`],
    ['a second root', `${withKey('k')}<Delete/>`],
    ['text after the root', `${withKey('k')}x`],
    ['another root', '<Tagging><TagSet/></Tagging>'],
    ['an element that is not in the schema', '<Delete><Object><Key>k</Key></Object><Evil/></Delete>'],
    ['an element twice', '<Delete><Object><Key>k</Key><Key>l</Key></Object></Delete>'],
    ['stray text', '<Delete>x<Object><Key>k</Key></Object></Delete>'],
    ['an element inside a value', withKey('<b>k</b>')],
    ['a missing required element', '<Delete><Object><VersionId>v</VersionId></Object></Delete>'],
    ['a boolean that is none', '<Delete><Object><Key>k</Key></Object><Quiet>maybe</Quiet></Delete>'],
    ['an unclosed element', '<Delete><Object><Key>k</Key></Object>'],
    ['mismatched tags', '<Delete><Object></Delete></Object>'],
    ['20,000 nested elements', `${'<Delete>'.repeat(20_000)}${'</Delete>'.repeat(20_000)}`],
    ['a control character', withKey('\u0001')],
    ['a surrogate reference', withKey('&#xD83D;')],
    ['JSON', '{"Objects":[]}'],
  ])('refuses %s', (_, xml) => {
    expect(refusal(() => deleteObjects(xml))).toBe('400 MalformedXML')
  })

  it('refuses bytes that are not UTF-8', () => {
    const body = Buffer.concat([
      Buffer.from('<Delete><Object><Key>'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('</Key></Object></Delete>'),
    ])
    expect(refusal(() => parsed('s3', 'POST', '/b?delete', {}, body))).toBe('400 MalformedXML')
  })

  it('refuses a part number that is no number, and an empty document that has to be there', () => {
    const xml =
      '<CompleteMultipartUpload><Part><PartNumber>abc</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>'
    expect(refusal(() => parsed('s3', 'POST', '/b/k?uploadId=u', {}, xml))).toBe('400 MalformedXML')
    expect(refusal(() => deleteObjects(''))).toBe('400 MissingRequestBodyError')
  })
})

describe('hostile headers and query arguments', () => {
  it('ignores a date in If-Modified-Since that cannot be read', () => {
    const input = parsed(
      's3',
      'GET',
      '/b/k',
      { 'if-modified-since': 'garbage', 'if-unmodified-since': 'Sun, 31 Feb 2021 00:00:00 GMT' },
      '',
    )
    expect(input).toEqual({ Bucket: 'b', Key: 'k' })
  })

  it('keeps Expires as it was given', () => {
    expect(parsed('s3', 'PUT', '/b/k', { expires: 'when it pleases' }, '')).toMatchObject({
      Expires: 'when it pleases',
    })
  })

  it.each([
    ['GET', '/b?max-keys=abc', {}],
    ['GET', '/b?max-keys=1.5', {}],
    ['GET', '/b?max-keys=3000000000', {}],
    ['PUT', '/b/k', { 'x-amz-object-lock-retain-until-date': 'garbage' }],
    ['PUT', '/b/k', { 'x-amz-server-side-encryption-bucket-key-enabled': 'maybe' }],
  ])('%s %s %j is an invalid argument', (method, target, headers) => {
    expect(refusal(() => parsed('s3', method, target, headers as unknown as Record<string, string>, ''))).toBe(
      '400 InvalidArgument',
    )
  })

  it('names the argument and its value', () => {
    expect(() => parsed('s3', 'GET', '/b?max-keys=abc', {}, '')).toThrow(
      expect.objectContaining({
        message: 'Provided max-keys not an integer or within integer range',
        fields: { ArgumentName: 'max-keys', ArgumentValue: 'abc' },
      }),
    )
  })
})

describe('hostile CBOR', () => {
  const headers = { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' }
  const send = (body: Buffer) => parsed('sqs', 'POST', '/service/AmazonSQS/operation/SendMessage', headers, body)

  it('reads what it writes', () => {
    const input = { QueueUrl: 'q', MessageBody: 'x', DelaySeconds: 5 }
    expect(send(encodeCbor(input))).toEqual(input)
  })

  it.each([
    ['a map for a string', encodeCbor({ QueueUrl: { a: 1 } })],
    ['bytes for a string', encodeCbor({ QueueUrl: Buffer.from('q') })],
    ['text for bytes', encodeCbor({ MessageAttributes: { a: { DataType: 'Binary', BinaryValue: 'x' } } })],
    ['a list', encodeCbor([1])],
    ['a text', encodeCbor('x')],
    ['a cut-off text', Buffer.from([0xa1, 0x68, 0x51])],
    ['a list of four billion items', Buffer.from([0xa1, 0x61, 0x41, 0x9a, 0xff, 0xff, 0xff, 0xff])],
    ['a stray break', Buffer.from([0xff])],
    ['trailing bytes', Buffer.from([0xa0, 0x00])],
    ['deep nesting', Buffer.concat([Buffer.alloc(100_000, 0x81), Buffer.of(0x80)])],
    ['an unknown tag', Buffer.from([0xc5, 0xa0])],
    ['a key that is no text', Buffer.from([0xa1, 0x01, 0x02])],
  ])('refuses %s', (_, body) => {
    expect(refusal(() => send(body))).toBe('400 SerializationException')
  })
})

describe('hostile forms', () => {
  const iam = (form: string) => parsed('iam', 'POST', '/', {}, `Action=TagRole&Version=2010-05-08&${form}`)

  it('orders list items by index, whatever the order of the form', () => {
    expect(
      iam('RoleName=r&Tags.member.10.Key=z&Tags.member.10.Value=1&Tags.member.2.Key=a&Tags.member.2.Value=%2B+'),
    ).toEqual({
      RoleName: 'r',
      Tags: [
        { Key: 'a', Value: '+ ' },
        { Key: 'z', Value: '1' },
      ],
    })
  })

  it.each([
    ['an index that is no number', 'Tags.member.x.Key=a'],
    ['a structure for a value', 'RoleName.a=b'],
    ['a value for a list', 'Tags=a'],
    ['a broken escape', 'RoleName=%zz'],
    ['endless nesting', `${'a.'.repeat(5000)}=1`],
  ])('refuses %s', (_, form) => {
    expect(refusal(() => iam(form))).toBe('400 MalformedInput')
  })

  it.each([
    ['Action=NoSuchThing&Version=2010-05-08', '400 InvalidAction'],
    ['Action=ListRoles&Version=2012-11-05', '400 InvalidAction'],
    ['Version=2010-05-08', '400 MissingAction'],
  ])('%s: %s', (form, expected) => {
    expect(refusal(() => parsed('iam', 'POST', '/', {}, form))).toBe(expected)
  })
})

describe('compressed bodies', () => {
  const headers = {
    'x-amz-target': 'GraniteServiceVersion20100801.PutMetricData',
    'content-type': 'application/x-amz-json-1.0',
    'content-encoding': 'gzip',
  }

  it('reads a gzip body of an RPC service', () => {
    expect(parsed('cloudwatch', 'POST', '/', headers, gzipSync('{"Namespace":"n"}'))).toEqual({ Namespace: 'n' })
  })

  it('refuses one that is broken or a bomb', () => {
    expect(refusal(() => parsed('cloudwatch', 'POST', '/', headers, 'not gzip'))).toBe('400 SerializationException')
    expect(
      refusal(() => parsed('cloudwatch', 'POST', '/', headers, gzipSync(Buffer.alloc(20 * 1024 * 1024, 32)))),
    ).toBe('400 SerializationException')
  })

  it('leaves S3 bodies alone: there the header is metadata', () => {
    const body = gzipSync('x')
    expect(parsed('s3', 'PUT', '/b/k', { 'content-encoding': 'gzip' }, body)).toMatchObject({
      ContentEncoding: 'gzip',
      Body: body,
    })
  })
})
