/** `DeadLetterConfig` of schedules and rules: an ARN, or `Type: SQS` for a queue of their own. */
import { EventMistake } from '../errors.ts'
import { getAtt } from '../intrinsics.ts'
import { isObject, type Json } from '../json.ts'
import { type Generated, generated } from '../resource.ts'
import type { FunctionEvent } from './event.ts'

export interface DeadLetters {
  /** Undefined: none are kept. */
  readonly arn: Json | undefined
  readonly queue: Generated | undefined
}

/** Where events go that did not arrive. Throws EventMistake. */
export function deadLetters({ logicalId, properties, inherited }: FunctionEvent): DeadLetters {
  const { DeadLetterConfig: config } = properties
  if (!isObject(config)) return { arn: undefined, queue: undefined }
  const { Arn: arn, Type: type, QueueLogicalId: id } = config
  if (arn !== undefined && type !== undefined)
    throw new EventMistake(logicalId, "You can either define 'Arn' or 'Type' property of DeadLetterConfig.")
  if (type !== undefined && type !== 'SQS')
    throw new EventMistake(logicalId, "The only valid value for 'Type' property of DeadLetterConfig is 'SQS'.")
  if (arn === undefined && type === undefined)
    throw new EventMistake(logicalId, "No 'Arn' or 'Type' property provided for DeadLetterConfig.")
  if (arn !== undefined && arn !== null) return { arn, queue: undefined }
  if (id !== undefined && id !== null && typeof id !== 'string')
    throw new EventMistake(logicalId, 'QueueLogicalId must be a string')
  const queue = generated(id || `${logicalId}Queue`, 'AWS::SQS::Queue', inherited, {})
  return { arn: getAtt(queue.logicalId, 'Arn'), queue }
}
