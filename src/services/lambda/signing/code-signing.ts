/**
 * Code signing configurations. No code is ever signed here: a signature is a job of AWS Signer. So `Warn`, which lets unsigned code pass, is
 * kept and shown; and `Enforce` refuses every deployment, because no package can have the signature that it asks for.
 */
import type { CodeSigningConfig } from '@aws-sdk/client-lambda'
import { AwsError } from '../../../protocol/errors.ts'
import type { Store } from '../../../store/store.ts'
import type { Transaction } from '../../../store/transaction.ts'
import type { FunctionRef, Home } from '../arn.ts'
import { functionKey } from '../catalog.ts'
import { lambdaTime } from '../configuration.ts'
import { Constraints } from '../constraints.ts'
import { type CodeSigningConfigRow, codeSigningConfigs, codeSigningUses, functionSigning } from '../tables.ts'

/** Profiles one configuration may trust. AWS's limit. */
const PUBLISHERS_MAX = 20

export type SigningKey = readonly [accountId: string, region: string, id: string]

export interface SigningInput {
  readonly Description?: string | undefined
  readonly AllowedPublishers?: { readonly SigningProfileVersionArns?: readonly string[] | undefined } | undefined
  readonly CodeSigningPolicies?: { readonly UntrustedArtifactOnDeployment?: string | undefined } | undefined
}

/** What an input changes of a configuration. Throws ValidationException. */
export function readSigning(
  input: SigningInput,
): Partial<Pick<CodeSigningConfigRow, 'description' | 'publishers' | 'policy'>> {
  const { Description: description, AllowedPublishers, CodeSigningPolicies } = input
  const publishers = AllowedPublishers?.SigningProfileVersionArns
  const policy = CodeSigningPolicies?.UntrustedArtifactOnDeployment
  new Constraints()
    .length('description', description, 0, 256)
    .count('allowedPublishers.signingProfileVersionArns', AllowedPublishers && (publishers ?? []), 1, PUBLISHERS_MAX)
    .oneOf('codeSigningPolicies.untrustedArtifactOnDeployment', policy, ['Enforce', 'Warn'])
    .check()
  return {
    ...(description !== undefined && { description }),
    ...(publishers !== undefined && { publishers }),
    ...(policy !== undefined && { policy: policy as CodeSigningConfigRow['policy'] }),
  }
}

export function signingArn(home: Home, id: string): string {
  return `arn:aws:lambda:${home.region}:${home.accountId}:code-signing-config:${id}`
}

/** Undefined: the ARN of something else, or of another place. */
export function signingKeyOf(arn: string, home: Home): SigningKey | undefined {
  const prefix = signingArn(home, '')
  return arn.startsWith(prefix) ? [home.accountId, home.region, arn.slice(prefix.length)] : undefined
}

/** Throws CodeSigningConfigNotFoundException. */
export async function requireSigning(
  reader: Store | Transaction,
  arn: string,
  home: Home,
): Promise<{ key: SigningKey; row: CodeSigningConfigRow }> {
  const key = signingKeyOf(arn, home)
  const row = key && (await codeSigningConfigs.get(reader, key))
  if (key === undefined || row === undefined) throw noSigningConfig(arn)
  return { key, row }
}

export function signingConfigOf(key: SigningKey, row: CodeSigningConfigRow): CodeSigningConfig {
  const [accountId, region, id] = key
  return {
    CodeSigningConfigId: id,
    CodeSigningConfigArn: signingArn({ accountId, region }, id),
    ...(row.description !== null && { Description: row.description }),
    AllowedPublishers: { SigningProfileVersionArns: [...row.publishers] },
    CodeSigningPolicies: { UntrustedArtifactOnDeployment: row.policy },
    LastModified: lambdaTime(row.modifiedMs),
  }
}

/** Gives a function its configuration, another one, or none. Throws CodeSigningConfigNotFoundException. */
export async function setFunctionSigning(tx: Transaction, ref: FunctionRef, arn: string | undefined): Promise<void> {
  const key = functionKey(ref)
  const before = await functionSigning.get(tx, key)
  if (before !== undefined) codeSigningUses.delete(tx, [ref.accountId, ref.region, before, ref.name])
  if (arn === undefined) {
    functionSigning.delete(tx, key)
    return
  }
  const [, , id] = (await requireSigning(tx, arn, ref)).key
  functionSigning.put(tx, key, id)
  codeSigningUses.put(tx, [ref.accountId, ref.region, id, ref.name], '')
}

/** Throws CodeVerificationFailedException when the function takes signed code only: there is none. */
export async function assertUnsignedAllowed(tx: Transaction, ref: FunctionRef): Promise<void> {
  const id = await functionSigning.get(tx, functionKey(ref))
  const row = id === undefined ? undefined : await codeSigningConfigs.get(tx, [ref.accountId, ref.region, id])
  if (row?.policy !== 'Enforce') return
  throw new AwsError(
    'CodeVerificationFailedException',
    400,
    'The code signature failed one or more of the validation checks for signature mismatch or expiry, and the code signing policy is set to ENFORCE. Lambda blocks the deployment.',
    { Type: 'User' },
  )
}

function noSigningConfig(arn: string): AwsError {
  const message = `The Lambda function or code signing configuration ${arn} can not be found.`
  return new AwsError('CodeSigningConfigNotFoundException', 404, message, { Type: 'User' })
}
