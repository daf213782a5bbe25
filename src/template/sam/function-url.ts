/** `FunctionUrlConfig`: the URL, and the permissions that open it to everybody when nobody has to sign. */
import { invalidResource } from './errors.ts'
import { isIntrinsic, ref } from './intrinsics.ts'
import { isGiven, isObject, type Json, objectOr, present } from './json.ts'
import { type Generated, generated, inherited } from './resource.ts'
import type { SamResource } from './transformation.ts'
import { isBoolean, isInteger, isList, wrongType } from './value-types.ts'

/** Members of `Cors`, and what Python calls their types, which is what the messages say. */
const CORS_MEMBERS: Readonly<Record<string, readonly [name: string, matches: (value: Json) => boolean]>> = {
  AllowOrigins: ['list', isList],
  AllowMethods: ['list', isList],
  AllowCredentials: ['bool', isBoolean],
  AllowHeaders: ['list', isList],
  ExposeHeaders: ['list', isList],
  MaxAge: ['int', isInteger],
}

export function functionUrl(
  { logicalId, properties, attributes }: SamResource,
  alias: Generated | undefined,
): Generated[] {
  const config = properties.FunctionUrlConfig
  if (!isGiven(config) || !isObject(config)) return []
  check(logicalId, config)
  const { AuthType: authType, Cors: cors, InvokeMode: invokeMode } = config
  const target = ref(alias?.logicalId ?? logicalId)
  const given = inherited(attributes)
  const url = generated(
    `${logicalId}Url`,
    'AWS::Lambda::Url',
    given,
    present({
      TargetFunctionArn: target,
      AuthType: authType,
      Cors: isGiven(cors) ? cors : undefined,
      InvokeMode: invokeMode,
    }),
  )
  if (authType !== 'NONE' || isIntrinsic(config)) return [url]
  const mayCallUrl = { Action: 'lambda:InvokeFunctionUrl', FunctionName: target, Principal: '*' }
  const mayInvoke = { Action: 'lambda:InvokeFunction', FunctionName: target, Principal: '*' }
  return [
    url,
    generated(`${logicalId}UrlPublicPermissions`, 'AWS::Lambda::Permission', given, {
      ...mayCallUrl,
      FunctionUrlAuthType: authType,
    }),
    generated(`${logicalId}URLInvokeAllowPublicAccess`, 'AWS::Lambda::Permission', given, {
      ...mayInvoke,
      InvokedViaFunctionUrl: true,
    }),
  ]
}

function check(logicalId: string, config: Json): void {
  if (isIntrinsic(config)) return
  const { AuthType: authType, Cors: cors } = objectOr(config)
  if (!isIntrinsic(authType) && authType !== 'AWS_IAM' && authType !== 'NONE')
    throw invalidResource(
      logicalId,
      'AuthType is required to configure function property `FunctionUrlConfig`. Please provide either AWS_IAM or NONE.',
    )
  if (!isGiven(cors) || isIntrinsic(cors)) return
  if (!isObject(cors)) throw wrongType(logicalId, 'FunctionUrlConfig.Cors', 'map')
  for (const [name, value] of Object.entries(cors)) {
    const member = Object.hasOwn(CORS_MEMBERS, name) ? CORS_MEMBERS[name] : undefined
    if (member === undefined) throw invalidResource(logicalId, `${name} is not a valid property for configuring Cors.`)
    const [type, matches] = member
    if (!isIntrinsic(value) && !matches(value)) throw invalidResource(logicalId, `${name} must be of type ${type}.`)
  }
}
