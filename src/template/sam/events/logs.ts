/** Lines of a log group. */
import { sub } from '../intrinsics.ts'
import { generated } from '../resource.ts'
import { required, string } from '../value-types.ts'
import type { EventType } from './event.ts'
import { permission } from './permission.ts'

export const logs: EventType = {
  properties: { LogGroupName: required(string), FilterPattern: required(string) },
  resources({ context: { partition } }, event) {
    const { LogGroupName: group = null, FilterPattern: pattern = null } = event.properties
    const source = `arn:${partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:\${__LogGroupName__}:*`
    const allowed = permission(event, {
      principal: 'logs.amazonaws.com',
      sourceArn: sub(source, { __LogGroupName__: group }),
    })
    const filter = { LogGroupName: group, FilterPattern: pattern, DestinationArn: event.invoked.arn }
    return [
      allowed,
      generated(event.logicalId, 'AWS::Logs::SubscriptionFilter', event.inherited, filter, [allowed.logicalId]),
    ]
  },
}
