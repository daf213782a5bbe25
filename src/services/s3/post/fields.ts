import { Unreadable } from '../../../protocol/unreadable.ts'
import { parseXml, type XmlNode } from '../../../protocol/xml-parse.ts'
import type { ChecksumInput } from '../checksums.ts'
import { headerNotImplemented, malformedXml } from '../errors.ts'
import type { WriteInput } from '../objects/grants.ts'
import type { MetadataInput } from '../objects/metadata.ts'
import { formEncode } from '../object-keys.ts'

type Writable<T> = { -readonly [K in keyof T]: T[K] }
export type FormInput = Writable<WriteInput & MetadataInput & ChecksumInput>

const USER_METADATA = 'x-amz-meta-'

/** Members of an upload by the form fields that stand for them. */
const MEMBERS: Readonly<Record<string, keyof FormInput>> = {
  acl: 'ACL',
  'cache-control': 'CacheControl',
  'content-type': 'ContentType',
  'content-disposition': 'ContentDisposition',
  'content-encoding': 'ContentEncoding',
  'content-language': 'ContentLanguage',
  'content-md5': 'ContentMD5',
  expires: 'Expires',
  'x-amz-acl': 'ACL',
  'x-amz-checksum-algorithm': 'ChecksumAlgorithm',
  'x-amz-sdk-checksum-algorithm': 'ChecksumAlgorithm',
  'x-amz-checksum-crc32': 'ChecksumCRC32',
  'x-amz-checksum-crc32c': 'ChecksumCRC32C',
  'x-amz-checksum-crc64nvme': 'ChecksumCRC64NVME',
  'x-amz-checksum-sha1': 'ChecksumSHA1',
  'x-amz-checksum-sha256': 'ChecksumSHA256',
  'x-amz-grant-full-control': 'GrantFullControl',
  'x-amz-grant-read': 'GrantRead',
  'x-amz-grant-read-acp': 'GrantReadACP',
  'x-amz-grant-write-acp': 'GrantWriteACP',
  'x-amz-storage-class': 'StorageClass',
  'x-amz-server-side-encryption': 'ServerSideEncryption',
  'x-amz-server-side-encryption-aws-kms-key-id': 'SSEKMSKeyId',
  'x-amz-server-side-encryption-context': 'SSEKMSEncryptionContext',
  'x-amz-server-side-encryption-customer-algorithm': 'SSECustomerAlgorithm',
  'x-amz-server-side-encryption-customer-key': 'SSECustomerKey',
  'x-amz-server-side-encryption-customer-key-md5': 'SSECustomerKeyMD5',
  'x-amz-website-redirect-location': 'WebsiteRedirectLocation',
  'x-amz-object-lock-mode': 'ObjectLockMode',
  'x-amz-object-lock-legal-hold': 'ObjectLockLegalHoldStatus',
}
/** What says who sends the form, or what to answer. */
const OTHER_FIELDS = new Set([
  'key',
  'bucket',
  'policy',
  'signature',
  'awsaccesskeyid',
  'success_action_status',
  'success_action_redirect',
  'redirect',
  'tagging',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-signature',
])

/** A form's fields as the input of an upload. Throws for fields of S3's that are not known here; those of others mean nothing. */
export function uploadOf(bucket: string, key: string, fields: ReadonlyMap<string, string>): FormInput {
  const input: FormInput = { Bucket: bucket, Key: key }
  const metadata: Record<string, string> = {}
  for (const [name, value] of fields) {
    const member = MEMBERS[name]
    if (member !== undefined) Object.assign(input, { [member]: value })
    else if (name.startsWith(USER_METADATA)) metadata[name.slice(USER_METADATA.length)] = latin1(value)
    else if (name.startsWith('x-amz-') && !OTHER_FIELDS.has(name)) throw headerNotImplemented(name)
  }
  if (fields.has('x-amz-object-lock-retain-until-date'))
    throw headerNotImplemented('x-amz-object-lock-retain-until-date')
  if (Object.keys(metadata).length > 0) input.Metadata = metadata
  const tagging = fields.get('tagging')
  if (tagging !== undefined && tagging !== '') input.Tagging = taggingHeader(tagging)
  return input
}

/** Text of a form is UTF-8; header values, which metadata elsewhere come from, are its bytes. */
function latin1(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1')
}

/** `<Tagging><TagSet><Tag>…` as the header that uploads have for it. */
function taggingHeader(xml: string): string {
  const root = parse(xml)
  const [set] = root.children
  if (root.name !== 'Tagging' || set?.name !== 'TagSet') throw malformedXml()
  return set.children
    .map((tag) => {
      const [key, value] = ['Key', 'Value'].map((name) => tag.children.find((child) => child.name === name)?.text)
      if (tag.name !== 'Tag' || key === undefined || value === undefined) throw malformedXml()
      return `${formEncode(key).replaceAll('/', '%2F')}=${formEncode(value)}`
    })
    .join('&')
}

function parse(xml: string): XmlNode {
  try {
    return parseXml(Buffer.from(xml))
  } catch (error) {
    if (error instanceof Unreadable) throw malformedXml()
    throw error
  }
}
