import { AwsError } from '../../../protocol/errors.ts'
import { type FunctionRef, functionArn } from '../arn.ts'
import type { ResolvedFunction } from '../catalog.ts'
import { invalidParameterValue, roleNotAssumable } from '../errors.ts'
import type { Lambda } from '../service.ts'
import { queueUrlOf } from './queue-url.ts'

/** What polling takes, in the order in which AWS names what is missing. */
const VERBS = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'] as const

/** Throws unless the function's role may poll the queue, the queue exists, and it hides messages long enough. */
export async function checkSource(lambda: Lambda, { ref, config }: ResolvedFunction, arn: string): Promise<void> {
  const { roleArn } = config
  const { caller } = await sessionOf(lambda, ref, roleArn)
  for (const verb of VERBS) {
    const decision = await lambda.authorize(caller, { action: `sqs:${verb}`, resource: arn })
    if (!decision.allowed) {
      throw invalidParameterValue(`The provided execution role does not have permissions to call ${verb} on SQS`)
    }
  }
  let seconds: number
  try {
    const input = { QueueUrl: queueUrlOf(arn), AttributeNames: ['VisibilityTimeout' as const] }
    const { Attributes } = await lambda.call('sqs', 'GetQueueAttributes', input, caller, { region: ref.region })
    seconds = Number(Attributes?.VisibilityTimeout)
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    const code = error.code.includes('NonExistentQueue') || error.code.includes('QueueDoesNotExist')
    throw invalidParameterValue(
      code
        ? 'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.'
        : `Error occurred while ReceiveMessage. SQS Error Code: ${error.code}. SQS Error Message: ${error.message}`,
    )
  }
  if (seconds < config.timeoutSeconds) {
    throw invalidParameterValue(
      `Queue visibility timeout: ${seconds} seconds is less than Function timeout: ${config.timeoutSeconds} seconds`,
    )
  }
}

async function sessionOf(lambda: Lambda, ref: FunctionRef, roleArn: string) {
  try {
    return await lambda.credentialsFor(roleArn, ref.name, { sourceFunctionArn: functionArn(ref) })
  } catch (error) {
    if (error instanceof AwsError) throw roleNotAssumable()
    throw error
  }
}
