import type { JsonObject, Json } from '../json.ts'
import { present } from '../json.ts'
import { type Generated, generated, inherited } from '../resource.ts'
import type { FunctionEvent } from './event.ts'

export interface Permission {
  readonly principal: string
  readonly sourceArn?: Json | undefined
  readonly sourceAccount?: Json
  readonly eventSourceToken?: Json | undefined
  /** What the permission is named after; the event when absent. */
  readonly prefix?: string
}

/** What lets the source of an event invoke the function, or its alias. */
export function permission({ logicalId, invoked }: FunctionEvent, given: Permission): Generated {
  const attributes: JsonObject = inherited(invoked.attributes)
  return generated(
    `${given.prefix ?? logicalId}Permission`,
    'AWS::Lambda::Permission',
    attributes,
    present({
      Action: 'lambda:InvokeFunction',
      FunctionName: invoked.name,
      Principal: given.principal,
      SourceArn: given.sourceArn,
      SourceAccount: given.sourceAccount,
      EventSourceToken: given.eventSourceToken,
    }),
  )
}
