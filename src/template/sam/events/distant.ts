/** Events of services that Millrace does not have, where AWS's transform does no more than write their resources. */
import { EventMistake } from '../errors.ts'
import { getAtt, ref, sub } from '../intrinsics.ts'
import { isGiven, isObject, type JsonObject, present } from '../json.ts'
import { generated, resourceAttributes } from '../resource.ts'
import type { Transformation } from '../transformation.ts'
import { isListOf, isString, required, string, type, wrongType } from '../value-types.ts'
import type { EventType, FunctionEvent } from './event.ts'
import { permission } from './permission.ts'

export const alexaSkill: EventType = {
  properties: { SkillId: string },
  resources: (_, event) => [
    permission(event, { principal: 'alexa-appkit.amazon.com', eventSourceToken: event.properties.SkillId }),
  ],
}

export const iotRule: EventType = {
  properties: { Sql: required(string), AwsIotSqlVersion: string },
  resources({ context: { partition } }, event) {
    const { Sql: sql = null, AwsIotSqlVersion: version } = event.properties
    const source = `arn:${partition}:iot:\${AWS::Region}:\${AWS::AccountId}:rule/\${RuleName}`
    const allowed = permission(event, {
      principal: 'iot.amazonaws.com',
      sourceArn: sub(source, { RuleName: ref(event.logicalId) }),
      sourceAccount: sub('${AWS::AccountId}'),
    })
    const payload = present({
      Sql: sql,
      RuleDisabled: false,
      Actions: [{ Lambda: { FunctionArn: event.invoked.arn } }],
      AwsIotSqlVersion: isGiven(version) ? version : undefined,
    })
    return [allowed, generated(event.logicalId, 'AWS::IoT::TopicRule', event.inherited, { TopicRulePayload: payload })]
  },
}

export const cognito: EventType = {
  properties: {
    UserPool: required(string),
    Trigger: required(type((value) => isString(value) || isListOf(isString)(value), { allowsIntrinsic: false })),
  },
  check(run, event) {
    requirePool(run, event)
  },
  resources(run, event) {
    const [poolId, pool] = requirePool(run, event)
    const allowed = permission(event, {
      principal: 'cognito-idp.amazonaws.com',
      sourceArn: getAtt(poolId, 'Arn'),
      prefix: `${event.invoked.logicalId}Cognito`,
    })
    const properties = isObject(pool.Properties) ? pool.Properties : {}
    pool.Properties = properties
    const config = properties.LambdaConfig ?? {}
    if (!isObject(config)) throw wrongType(poolId, 'LambdaConfig', 'map')
    properties.LambdaConfig = config
    const { Trigger: triggers } = event.properties
    for (const trigger of Array.isArray(triggers) ? triggers : [triggers]) {
      if (Object.hasOwn(config, String(trigger)))
        throw new EventMistake(event.name, `Cognito trigger "${String(triggers)}" defined multiple times.`)
      config[String(trigger)] = event.invoked.arn
    }
    return [
      allowed,
      generated(poolId, 'AWS::Cognito::UserPool', resourceAttributes(pool), { ...properties }, pool.DependsOn),
    ]
  },
}

function requirePool(
  run: Transformation,
  { name, logicalId, properties: { UserPool: pool } }: Pick<FunctionEvent, 'name' | 'logicalId' | 'properties'>,
): [string, JsonObject] {
  const id = isObject(pool) ? pool.Ref : undefined
  if (id !== undefined && typeof id !== 'string') throw new EventMistake(logicalId, 'Ref in Userpool is not a string.')
  const resource = id !== undefined && Object.hasOwn(run.source, id) ? run.source[id] : undefined
  if (id !== undefined && isObject(resource)) return [id, resource]
  throw new EventMistake(name, 'Cognito events must reference a Cognito UserPool in the same template.')
}
