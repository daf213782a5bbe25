import type { DestinationConfig } from '@aws-sdk/client-lambda'
import { type FunctionRef, functionArn, parseFunctionArn } from '../arn.ts'
import { Constraints } from '../constraints.ts'
import { invalidParameterValue } from '../errors.ts'
import type { Lambda } from '../service.ts'
import { type Destination, parseDestination } from './destination.ts'

export interface GivenDestinations {
  /** `undefined`: not mentioned. */
  readonly onSuccess: string | null | undefined
  readonly onFailure: string | null | undefined
}

const DESTINATION_PATTERN =
  '^$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)'

/** The destinations a request gives; an empty text takes one away. Throws ValidationException. */
export function readDestinations(config: DestinationConfig | undefined): GivenDestinations {
  const success = config?.OnSuccess?.Destination
  const failure = config?.OnFailure?.Destination
  new Constraints()
    .length('destinationConfig.onSuccess.destination', success, 0, 350)
    .pattern('destinationConfig.onSuccess.destination', success, DESTINATION_PATTERN)
    .length('destinationConfig.onFailure.destination', failure, 0, 350)
    .pattern('destinationConfig.onFailure.destination', failure, DESTINATION_PATTERN)
    .check()
  return {
    onSuccess: success === undefined ? undefined : success || null,
    onFailure: failure === undefined ? undefined : failure || null,
  }
}

/** Throws unless the version that `ref` names may send records there, as AWS does when a configuration is saved. */
export async function checkDestinationsOf(lambda: Lambda, ref: FunctionRef, given: GivenDestinations): Promise<void> {
  if (!given.onSuccess && !given.onFailure) return
  const resolved = await lambda.catalog.resolve(ref, 'main')
  // A function that does not exist is the transaction's to complain about.
  if (resolved === undefined) return
  const { roleArn } = resolved.config
  for (const [kind, arn] of [
    ['onSuccess', given.onSuccess],
    ['onFailure', given.onFailure],
  ] as const) {
    if (arn) await checkDestination(lambda, ref, roleArn, kind, arn)
  }
}

async function checkDestination(
  lambda: Lambda,
  ref: FunctionRef,
  roleArn: string,
  kind: 'onSuccess' | 'onFailure',
  arn: string,
): Promise<void> {
  const destination = parseDestination(arn)
  if (destination === undefined || destination.isFifo || (destination.service === 's3' && kind === 'onSuccess')) {
    throw invalidDestination(kind, arn)
  }
  if (!lambda.destinations.isOffered(destination)) {
    throw invalidParameterValue(`Millrace has no service that could take ${arn} as a destination.`)
  }
  if (destination.service === 'lambda') await checkFunction(lambda, ref, arn)
  const sender = { roleArn, functionName: ref.name, functionArn: functionArn(ref) }
  if ((await lambda.destinations.refusal(sender, destination)) !== undefined) {
    throw invalidParameterValue(
      `The function's execution role does not have permissions to call ${destination.verb} on ${arn}`,
    )
  }
}

async function checkFunction(lambda: Lambda, ref: FunctionRef, arn: string): Promise<void> {
  const target = parseFunctionArn(arn)
  if (target !== undefined && functionArn(target) === functionArn(ref)) {
    throw invalidParameterValue("You can't specify the function as a destination for itself.")
  }
  if (target === undefined || (await lambda.catalog.resolve(target, 'main')) === undefined) {
    throw invalidParameterValue(`The destination ARN ${arn} is invalid.`)
  }
}

function invalidDestination(kind: 'onSuccess' | 'onFailure', arn: string) {
  const success = kind === 'onSuccess' ? `OnSuccess(destination=${arn})` : 'null'
  const failure = kind === 'onFailure' ? `OnFailure(destination=${arn})` : 'null'
  return invalidParameterValue(
    `The provided destination config DestinationConfig(onSuccess=${success}, onFailure=${failure}) is invalid.`,
  )
}

/** The dead-letter queue that a request gives: `undefined` when it says nothing, `null` when it takes it away. Throws for what cannot be one. */
export function readDeadLetter(config: { TargetArn?: string | undefined } | undefined): string | null | undefined {
  if (config === undefined) return undefined
  const arn = config.TargetArn
  if (!arn) return null
  const destination = parseDestination(arn)
  if (destination === undefined || !isDeadLetterService(destination) || destination.isFifo) {
    throw invalidParameterValue(
      `The provided dead-letter target ${arn} is invalid: it must be the ARN of a standard SQS queue or SNS topic.`,
    )
  }
  return arn
}

/** Throws unless a function with this role may send its dead letters there. */
export async function checkDeadLetter(lambda: Lambda, ref: FunctionRef, roleArn: string, arn: string): Promise<void> {
  const destination = parseDestination(arn) as Destination
  if (!lambda.destinations.isOffered(destination)) {
    throw invalidParameterValue(`Millrace has no service that could take ${arn} as a dead-letter target.`)
  }
  const sender = { roleArn, functionName: ref.name, functionArn: functionArn(ref) }
  if ((await lambda.destinations.refusal(sender, destination)) !== undefined) {
    throw invalidParameterValue(
      `The provided execution role does not have permissions to call ${destination.verb} on ${destination.service.toUpperCase()}`,
    )
  }
}

function isDeadLetterService({ service }: Destination): boolean {
  return service === 'sqs' || service === 'sns'
}
