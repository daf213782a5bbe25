import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Caller } from '../protocol/caller.ts'
import { AwsError } from '../protocol/errors.ts'
import type { AuthenticatedService, CredentialResult } from './doors.ts'
import type { PostForm } from './form-data.ts'
import { s3Failures } from './s3-failures.ts'
import { parseCredential } from './signature.ts'
import type { SigningKey } from './signing-key.ts'
import { parseIsoBasic } from './signing-time.ts'

export interface FormIdentity {
  readonly caller: Caller
  readonly scope: { readonly region: string; readonly service: string } | undefined
}

export interface FormKeys {
  /** Throws the service's refusal for an unknown key or a wrong token. */
  readonly require: (
    accessKeyId: string,
    token: string | undefined,
  ) => Promise<CredentialResult & { readonly ok: true }>
  readonly signingKey: (credential: string, secret: string) => SigningKey
}

const V4_FIELDS = ['x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-signature']
const V2_FIELDS = ['awsaccesskeyid', 'signature']
/** As messages spell them. */
const FIELD_NAMES: Readonly<Record<string, string>> = {
  'x-amz-algorithm': 'X-Amz-Algorithm',
  'x-amz-credential': 'X-Amz-Credential',
  'x-amz-date': 'X-Amz-Date',
  'x-amz-signature': 'X-Amz-Signature',
  awsaccesskeyid: 'AWSAccessKeyId',
  signature: 'Signature',
}

/**
 * Who signed a form: what is signed is the text of its policy, which then says what the rest of the form may be. A form without policy
 * and signature is nobody's: the bucket's policy may allow it. Signatures of version 2 are still found in forms, and are verified.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html
 */
export async function identifyForm(
  form: PostForm,
  service: AuthenticatedService,
  keys: FormKeys,
): Promise<FormIdentity> {
  const { fields } = form
  if (V4_FIELDS.some((name) => fields.has(name))) {
    requireFields(fields, [...V4_FIELDS, 'policy'])
    return identifyV4(fields, service, keys)
  }
  if (V2_FIELDS.some((name) => fields.has(name))) {
    requireFields(fields, [...V2_FIELDS, 'policy'])
    return identifyV2(fields, keys)
  }
  if (fields.has('policy')) throw s3Failures.missingAuthentication()
  return { caller: { kind: 'anonymous' }, scope: undefined }
}

export function isSignedForm({ fields }: PostForm): boolean {
  return [...V4_FIELDS, ...V2_FIELDS].some((name) => fields.has(name))
}

/** A field that a form must have. Throws InvalidArgument. */
export function requireFormField(fields: ReadonlyMap<string, string>, name: string): string {
  const value = fields.get(name)
  if (value !== undefined && value !== '') return value
  const shown = FIELD_NAMES[name] ?? name
  throw new AwsError(
    'InvalidArgument',
    400,
    `Bucket POST must contain a field named '${shown}'.  If it is specified, please check the order of the fields.`,
    { ArgumentName: shown, ArgumentValue: '' },
  )
}

async function identifyV4(
  fields: ReadonlyMap<string, string>,
  service: AuthenticatedService,
  keys: FormKeys,
): Promise<FormIdentity> {
  const field = (name: string) => fields.get(name) as string
  const algorithm = field('x-amz-algorithm')
  if (algorithm !== 'AWS4-HMAC-SHA256') throw s3Failures.unsupportedQueryAlgorithm(algorithm)
  const credentialText = field('x-amz-credential')
  const credential = parseCredential(credentialText)
  if (credential === undefined) throw s3Failures.malformedCredential('query')
  const dateText = field('x-amz-date')
  if (Number.isNaN(parseIsoBasic(dateText))) throw s3Failures.malformedQueryDate()
  const { accessKeyId, scope, region } = credential
  if (!scope.startsWith(`${dateText.slice(0, 8)}/`)) {
    throw s3Failures.wrongScopeDate(scope.slice(0, scope.indexOf('/')), dateText, 'query')
  }
  if (credential.service !== service.signingName) {
    throw s3Failures.wrongScopeService(credential.service, service.signingName, 'query')
  }
  const found = await keys.require(accessKeyId, fields.get('x-amz-security-token'))
  const key = keys.signingKey(credentialText, found.secretAccessKey)
  verify(accessKeyId, field('policy'), field('x-amz-signature'), key.sign(field('policy')))
  return { caller: found.caller, scope: { region, service: credential.service } }
}

async function identifyV2(fields: ReadonlyMap<string, string>, keys: FormKeys): Promise<FormIdentity> {
  const field = (name: string) => fields.get(name) as string
  const accessKeyId = field('awsaccesskeyid')
  const found = await keys.require(accessKeyId, fields.get('x-amz-security-token'))
  const computed = createHmac('sha1', found.secretAccessKey).update(field('policy')).digest('base64')
  verify(accessKeyId, field('policy'), field('signature'), computed)
  return { caller: found.caller, scope: undefined }
}

function verify(accessKeyId: string, stringToSign: string, signatureProvided: string, computed: string): void {
  const [expected, claimed] = [Buffer.from(computed), Buffer.from(signatureProvided)]
  if (expected.length === claimed.length && timingSafeEqual(expected, claimed)) return
  throw s3Failures.mismatch({ accessKeyId, stringToSign, signatureProvided, canonicalRequest: undefined })
}

function requireFields(fields: ReadonlyMap<string, string>, names: readonly string[]): void {
  for (const name of names) requireFormField(fields, name)
}
