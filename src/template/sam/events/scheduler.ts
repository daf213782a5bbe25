/** `ScheduleV2`: a schedule of EventBridge Scheduler, which invokes by a role of its own. */
import { EventMistake } from '../errors.ts'
import { getAtt } from '../intrinsics.ts'
import { isGiven, present } from '../json.ts'
import { assumeRolePolicy, invokePolicy, sendMessagePolicy } from '../policies.ts'
import { generated } from '../resource.ts'
import { isBoolean, map, required, string, type } from '../value-types.ts'
import { deadLetters } from './dead-letters.ts'
import type { EventType } from './event.ts'

export const scheduler: EventType = {
  properties: {
    PermissionsBoundary: string,
    ScheduleExpression: required(string),
    FlexibleTimeWindow: map,
    Name: string,
    State: string,
    Description: string,
    StartDate: string,
    EndDate: string,
    ScheduleExpressionTimezone: string,
    GroupName: string,
    KmsKeyArn: string,
    Input: string,
    RoleArn: string,
    DeadLetterConfig: map,
    RetryPolicy: map,
    OmitName: type(isBoolean, { allowsIntrinsic: false }),
  },
  resources(_, event) {
    const { logicalId, properties, invoked, inherited } = event
    const { Name: name, FlexibleTimeWindow: window, PermissionsBoundary: boundary, RoleArn: roleArn } = properties
    const isNamed = !isGiven(properties.OmitName)
    if (!isNamed && isGiven(name)) throw new EventMistake(logicalId, 'Name cannot be set when OmitName is True')
    const { arn: deadLetterArn, queue } = deadLetters(event)
    const role = generated(
      `${logicalId}Role`,
      'AWS::IAM::Role',
      inherited,
      present({
        AssumeRolePolicyDocument: assumeRolePolicy('scheduler.amazonaws.com'),
        Policies: [
          invokePolicy(invoked.arn, logicalId),
          ...(isGiven(deadLetterArn) ? [sendMessagePolicy(deadLetterArn, logicalId)] : []),
        ],
        PermissionsBoundary: isGiven(boundary) ? boundary : undefined,
      }),
    )
    const target = present({
      Arn: invoked.arn,
      RoleArn: isGiven(roleArn) ? roleArn : getAtt(role.logicalId, 'Arn'),
      Input: properties.Input,
      DeadLetterConfig: deadLetterArn === undefined ? undefined : { Arn: deadLetterArn },
      RetryPolicy: properties.RetryPolicy,
    })
    const made = generated(
      logicalId,
      'AWS::Scheduler::Schedule',
      inherited,
      present({
        ScheduleExpression: properties.ScheduleExpression,
        FlexibleTimeWindow: isGiven(window) ? window : { Mode: 'OFF' },
        Name: isNamed ? (isGiven(name) ? name : logicalId) : undefined,
        State: isGiven(properties.State) ? properties.State : undefined,
        Description: properties.Description,
        StartDate: properties.StartDate,
        EndDate: properties.EndDate,
        ScheduleExpressionTimezone: properties.ScheduleExpressionTimezone,
        GroupName: properties.GroupName,
        KmsKeyArn: properties.KmsKeyArn,
        Target: target,
      }),
    )
    return [made, ...(queue === undefined ? [] : [queue]), ...(isGiven(roleArn) ? [] : [role])]
  },
}
