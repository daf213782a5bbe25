import type { Cors } from '@aws-sdk/client-lambda'
import type { BlobId } from '../../blobs/blobs.ts'
import type { FunctionSpec } from '../../execution/execution.ts'
import { json, raw, Table } from '../../store/table.ts'

export const LATEST = '$LATEST'

/** What one version of a function is: `$LATEST` changes, a published version never does. */
export interface VersionConfig {
  readonly description: string
  readonly runtime: string
  readonly handler: string
  readonly roleArn: string
  readonly timeoutSeconds: number
  readonly memoryMb: number
  readonly ephemeralStorageMb: number
  readonly architecture: 'x86_64' | 'arm64'
  /** `null`: never set, so answers leave it out. */
  readonly environment: Readonly<Record<string, string>> | null
  readonly logging: Logging
  readonly tracing: 'PassThrough' | 'Active'
  /** Merged in this order as `/opt`. */
  readonly layers: readonly LayerRef[]
  /** Queue or topic that gets events which could not be run. */
  readonly deadLetterArn: string | null
  readonly code: CodeRef
  readonly modifiedMs: number
  readonly revisionId: string
  /** Changes with code and configuration only: what execution environments are told apart by. */
  readonly executionRevisionId: string
}

export interface Logging {
  readonly format: 'Text' | 'JSON'
  readonly applicationLevel: FunctionSpec['applicationLogLevel'] | null
  readonly systemLevel: FunctionSpec['systemLogLevel'] | null
  /** `null`: `/aws/lambda/NAME` */
  readonly group: string | null
}

export interface CodeRef {
  /** Hex; names the row in {@link codes} and the directory of the unpacked files. */
  readonly sha256: string
  readonly zipBytes: number
}

/** A layer version as a function uses it: it keeps working when the layer version is deleted. */
export interface LayerRef extends CodeRef {
  /** `arn:aws:lambda:R:A:layer:NAME:N` */
  readonly arn: string
  readonly unzippedBytes: number
}

export interface FunctionRow {
  /** Events accepted before belong to a deleted function of the same name, and are dropped. */
  readonly createdMs: number
  readonly latest: VersionConfig
  /** Number of the next published version; never reused. */
  readonly nextVersion: number
  /** What the last one was made from: publishing the same again makes no new version. */
  readonly lastPublished: { readonly version: number; readonly fingerprint: string } | null
  readonly tags: Readonly<Record<string, string>>
  /** `null`: the function draws from the account's unreserved concurrency. */
  readonly reservedConcurrency: number | null
  readonly recursiveLoop: 'Terminate' | 'Allow'
  /** Qualifiers whose successful events have a destination: the others are spared reading their configuration. */
  readonly onSuccessQualifiers: readonly string[]
}

export type VersionRow = VersionConfig

export interface AliasRow {
  readonly version: string
  readonly description: string
  readonly revisionId: string
  /** The second version of a weighted alias and its share in [0, 1]. */
  readonly additional: { readonly version: string; readonly weight: number } | null
}

/** A statement as GetPolicy prints it. */
export interface StatementJson {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Principal: '*' | { readonly Service: string } | { readonly AWS: string }
  readonly Action: string
  readonly Resource: string
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export interface PolicyRow {
  readonly statements: readonly StatementJson[]
  readonly revisionId: string
}

export interface EventInvokeConfigRow {
  readonly maximumRetryAttempts: number | null
  readonly maximumEventAgeSeconds: number | null
  /** ARNs of where the records of what succeeded and failed go. */
  readonly onSuccess: string | null
  readonly onFailure: string | null
  readonly modifiedMs: number
}

/** Environments that a version or alias keeps initialised. */
export interface ProvisionedConcurrencyRow {
  readonly requested: number
  readonly modifiedMs: number
}

export interface CodeSigningConfigRow {
  readonly description: string | null
  /** ARNs of signing profile versions. */
  readonly publishers: readonly string[]
  /** What happens to code that none of them signed. */
  readonly policy: 'Warn' | 'Enforce'
  readonly tags: Readonly<Record<string, string>>
  readonly modifiedMs: number
}

export interface LayerRow {
  /** Number of the next version; never reused. */
  readonly nextVersion: number
}

export interface LayerVersionRow extends CodeRef {
  readonly unzippedBytes: number
  readonly description: string
  readonly compatibleRuntimes: readonly string[] | null
  readonly compatibleArchitectures: readonly string[] | null
  readonly licenseInfo: string | null
  readonly createdMs: number
}

/** A queue whose messages a function gets in batches. */
export interface EventSourceRow {
  readonly eventSourceArn: string
  readonly functionName: string
  /** Alias or version; `null`: `$LATEST`. */
  readonly qualifier: string | null
  readonly isEnabled: boolean
  readonly batchSize: number
  readonly windowSeconds: number
  /** Event patterns; a message that matches none of them is deleted. Empty: every message is wanted. */
  readonly filters: readonly string[]
  /** The function names the messages it could not process. */
  readonly reportsFailures: boolean
  /** Batches at one time; `null`: no limit of its own. */
  readonly maximumConcurrency: number | null
  /** CloudWatch is told of its messages. Mappings of earlier versions do not say. */
  readonly countsEvents?: boolean
  readonly tags: Readonly<Record<string, string>>
  readonly modifiedMs: number
}

/** An address of its own for a function or an alias. */
export interface FunctionUrlRow {
  /** First label of its host. */
  readonly urlId: string
  readonly authType: 'NONE' | 'AWS_IAM'
  readonly cors: Cors | null
  readonly invokeMode: 'BUFFERED' | 'RESPONSE_STREAM'
  readonly createdMs: number
  readonly modifiedMs: number
}

/** One deployment package, shared by all functions and versions with the same bytes. */
export interface CodeRow {
  readonly blobId: BlobId
  readonly zipBytes: number
  readonly unzippedBytes: number
  /** Last time a function was given this code: the sweep leaves young rows alone. */
  readonly usedMs: number
}

/** Sums over all functions of an account in one region. */
export interface AccountRow {
  readonly functionCount: number
  readonly reservedConcurrency: number
  readonly codeBytes: number
}

export type FunctionKey = readonly [accountId: string, region: string, name: string]
export type QualifiedKey = readonly [accountId: string, region: string, name: string, qualifier: string]

/** What format 1 did not know. */
const ADDED_TO_VERSION = { tracing: 'PassThrough', layers: [], deadLetterArn: null } as const

export const functions = new Table<FunctionKey, FunctionRow>(
  'lambda-function',
  json<FunctionRow>([
    (old: FunctionRow) => ({
      ...old,
      lastPublished: null,
      onSuccessQualifiers: [],
      latest: { ...old.latest, ...ADDED_TO_VERSION },
    }),
  ]),
)
/** Published versions; the number is the key part, so they list in order. */
export const versions = new Table<readonly [string, string, string, number], VersionRow>(
  'lambda-version',
  json<VersionRow>([(old: VersionRow) => ({ ...old, ...ADDED_TO_VERSION })]),
)
export const aliases = new Table<QualifiedKey, AliasRow>('lambda-alias', json<AliasRow>())
/** Resource policies: one for the unqualified function (`''`) and one for each alias and version. */
export const policies = new Table<QualifiedKey, PolicyRow>('lambda-policy', json<PolicyRow>())
export const eventInvokeConfigs = new Table<QualifiedKey, EventInvokeConfigRow>(
  'lambda-event-invoke-config',
  json<EventInvokeConfigRow>([
    (old: Omit<EventInvokeConfigRow, 'onSuccess' | 'onFailure'>) => ({ ...old, onSuccess: null, onFailure: null }),
  ]),
)
export const provisionedConfigs = new Table<QualifiedKey, ProvisionedConcurrencyRow>(
  'lambda-provisioned',
  json<ProvisionedConcurrencyRow>(),
)
export const codeSigningConfigs = new Table<
  readonly [accountId: string, region: string, id: string],
  CodeSigningConfigRow
>('lambda-code-signing', json<CodeSigningConfigRow>())
/** Which configuration a function has. */
export const functionSigning = new Table<FunctionKey, string>('lambda-function-signing', json<string>())
/** Which functions have a configuration. */
export const codeSigningUses = new Table<
  readonly [accountId: string, region: string, id: string, functionName: string],
  ''
>('lambda-code-signing-use', json<''>())
/** When functions and versions take newer runtimes, where somebody said so. */
export const runtimeManagement = new Table<QualifiedKey, 'Auto' | 'FunctionUpdate'>(
  'lambda-runtime-management',
  json<'Auto' | 'FunctionUpdate'>(),
)
export type LayerVersionKey = readonly [accountId: string, region: string, name: string, version: number]

export const layers = new Table<readonly [accountId: string, region: string, name: string], LayerRow>(
  'lambda-layer',
  json<LayerRow>(),
)
export const layerVersions = new Table<LayerVersionKey, LayerVersionRow>(
  'lambda-layer-version',
  json<LayerVersionRow>(),
)
export const layerPolicies = new Table<LayerVersionKey, PolicyRow>('lambda-layer-policy', json<PolicyRow>())
export const eventSources = new Table<readonly [accountId: string, region: string, id: string], EventSourceRow>(
  'lambda-event-source',
  json<EventSourceRow>(),
)
/** Ids of mappings by function and source: there is one of each pair. */
export const eventSourcePairs = new Table<readonly [...QualifiedKey, eventSourceArn: string], string>(
  'lambda-event-source-pair',
  json<string>(),
)
/** By function and alias (`''`: the function itself). */
export const functionUrls = new Table<QualifiedKey, FunctionUrlRow>('lambda-url', json<FunctionUrlRow>())
export const functionUrlIds = new Table<readonly [urlId: string], QualifiedKey>('lambda-url-id', json<QualifiedKey>())
export const codes = new Table<readonly [sha256: string], CodeRow>('lambda-code', json<CodeRow>())
export const accounts = new Table<readonly [accountId: string, region: string], AccountRow>(
  'lambda-account',
  json<AccountRow>(),
)
/** Payloads of queued events that are too large for their job, in slices. */
export const payloads = new Table<readonly [requestId: string, slice: number], Uint8Array>('lambda-payload', raw)
/** Keys this server made for itself: what signs the download addresses of GetFunction. */
export const secrets = new Table<readonly [name: string], string>('lambda-secret', json<string>())

export const NO_ACCOUNT: AccountRow = { functionCount: 0, reservedConcurrency: 0, codeBytes: 0 }
