import { checkFormPolicy, parseFormPolicy, sizedFile } from '../../../auth/form-policy.ts'
import { PostForm } from '../../../auth/form-data.ts'
import { requireFormField } from '../../../auth/post-form.ts'
import type { Call, Operation } from '../../../protocol/operation.ts'
import { assert } from '../../../std/assert.ts'
import type { ByteSource } from '../../../std/byte-source.ts'
import { checksumOutput } from '../checksums.ts'
import { expirationMember } from '../lifecycle/expiration.ts'
import { objectLocation } from '../object-location.ts'
import { writeGrants } from '../objects/grants.ts'
import { storeUpload, type UploadInput } from '../objects/store.ts'
import { type FormInput, uploadOf } from '../post/fields.ts'
import { replyToForm } from '../post/reply.ts'
import { requestedChecksum } from '../checksums.ts'
import type { S3 } from '../service.ts'

export interface PostInput {
  readonly Bucket: string
  /** A {@link PostForm}: the authenticator has read it up to the file. */
  readonly Body: ByteSource
}

/** What authorize has made of a form, until handle takes it. */
const uploads = new WeakMap<Call, Call<FormInput & { Body: ByteSource }>>()

/** A browser uploads a file by a form. What it may say is written in the policy that its author signed. */
export const postObject: Operation<PostInput, { Body?: string }, S3> = {
  authorize(call) {
    const upload = uploadCall(call)
    uploads.set(call, upload)
    return writeGrants(upload, { isCreation: true })
  },

  async handle(call, s3) {
    const upload = uploads.get(call)
    assert(upload !== undefined, 'a form is authorised before it is handled')
    const { Bucket: bucket, Key: key } = upload.input
    // The checksums of a form are fields, and none of its headers speaks of the file.
    const requested = requestedChecksum(upload.input, undefined)
    const { row, bucket: owning } = await storeUpload(s3, upload as Call<UploadInput>, 'ObjectCreated:Post', requested)
    const { Expiration: expiration } = expirationMember(owning, key, row)
    const { headers } = call.reply
    const { SSECustomerKeyMD5: keyMd5 } = upload.input
    if (keyMd5 === undefined) headers['x-amz-server-side-encryption'] = 'AES256'
    else {
      headers['x-amz-server-side-encryption-customer-algorithm'] = 'AES256'
      headers['x-amz-server-side-encryption-customer-key-md5'] = keyMd5
    }
    if (row.versionId !== undefined) headers['x-amz-version-id'] = row.versionId
    if (expiration !== undefined) headers['x-amz-expiration'] = expiration
    const { ChecksumType: type, ...checksum } = checksumOutput(row.checksum)
    headers['x-amz-checksum-type'] = type
    for (const [member, value] of Object.entries(checksum)) {
      headers[`x-amz-checksum-${member.slice('Checksum'.length).toLowerCase()}`] = value
    }
    const location = objectLocation(call.http, bucket, key)
    return replyToForm(call.reply, formOf(call).fields, { bucket, key, etag: `"${row.etag}"`, location })
  },
}

/** The form as the upload it stands for. Throws what S3 answers to a form without a key, and to one that its policy does not allow. */
function uploadCall(call: Call<PostInput>): Call<FormInput & { Body: ByteSource }> {
  const form = formOf(call)
  const { Bucket: bucket } = call.input
  // A function, because the name of a file may hold what replacements give a meaning.
  const key = requireFormField(form.fields, 'key').replaceAll('${filename}', () => form.fileName)
  const policyText = form.fields.get('policy')
  let file: ByteSource = form
  if (policyText !== undefined) {
    const policy = parseFormPolicy(policyText)
    checkFormPolicy(policy, new Map([...form.fields, ['bucket', bucket], ['key', key]]), call.nowMs)
    file = sizedFile(form, policy.size)
  }
  const input = { ...uploadOf(bucket, key, form.fields), Body: file }
  const { caller, requestId, hostId, accountId, region, nowMs, signal, http, traceHeader, reply } = call
  const same = { caller, requestId, hostId, accountId, region, nowMs, signal, http, traceHeader, reply }
  return { ...same, input, decide: (grant) => call.decide(grant) }
}

function formOf({ input }: Call<PostInput>): PostForm {
  assert(input.Body instanceof PostForm, 'the authenticator reads forms')
  return input.Body
}
