/**
 * `DeploymentPreference`: gradual shifts of traffic by CodeDeploy. The transform writes what AWS's writes; whether a stack may hold CodeDeploy's
 * resources is for the engine to say.
 */
import { invalidResource } from './errors.ts'
import { getAtt, ifArguments, IF_ARGUMENTS_REASON, isIf, isIntrinsic, isNoValue, ref, sub } from './intrinsics.ts'
import { isGiven, isObject, type Json, type JsonObject, objectOr, present } from './json.ts'
import { assumeRolePolicy } from './policies.ts'
import { type Generated, generated } from './resource.ts'
import { tagList } from './tags.ts'

const APPLICATION = 'ServerlessDeploymentApplication'
const SERVICE_ROLE = 'CodeDeployServiceRole'
const CONDITION = 'ServerlessCodeDeployCondition'
/** `Fn::Or` takes at most ten conditions. */
const OR_CONDITIONS_MAX = 10
const PREDEFINED = new Set([
  'Canary10Percent5Minutes',
  'Canary10Percent10Minutes',
  'Canary10Percent15Minutes',
  'Canary10Percent30Minutes',
  'Linear10PercentEvery1Minute',
  'Linear10PercentEvery2Minutes',
  'Linear10PercentEvery3Minutes',
  'Linear10PercentEvery10Minutes',
  'AllAtOnce',
])

interface Preference {
  readonly type: Json
  readonly hooks: JsonObject
  readonly alarms: Json | undefined
  readonly role: Json | undefined
  readonly triggers: Json | undefined
  readonly condition: string | undefined
  readonly tags: JsonObject | undefined
}

/** The preferences of all functions of a template, which share one application and one role. */
export class DeploymentPreferences {
  /** By function; undefined where they are switched off. */
  readonly #byFunction = new Map<string, Preference | undefined>()
  readonly #partition: string

  constructor(partition: string) {
    this.#partition = partition
  }

  /** Notes what a function wants, resolved. Answers the update policy of its alias, or undefined when `Enabled` is false. */
  add(
    logicalId: string,
    preference: JsonObject,
    condition: Json | undefined,
    tags: JsonObject,
  ): JsonObject | undefined {
    const isEnabled = isGiven(preference.Enabled ?? true) && !['false', 'False'].includes(String(preference.Enabled))
    this.#byFunction.set(logicalId, undefined)
    if (!isEnabled) return undefined
    if (preference.Type === undefined)
      throw invalidResource(logicalId, "'DeploymentPreference' is missing required Property 'Type'")
    const hooks = preference.Hooks ?? {}
    if (!isObject(hooks))
      throw invalidResource(logicalId, "'Hooks' property of 'DeploymentPreference' must be a dictionary")
    this.#byFunction.set(logicalId, {
      type: preference.Type,
      hooks,
      alarms: preference.Alarms,
      role: isGiven(preference.Role) ? preference.Role : undefined,
      triggers: isGiven(preference.TriggerConfigurations) ? preference.TriggerConfigurations : undefined,
      condition: preference.PassthroughCondition === true && typeof condition === 'string' ? condition : undefined,
      tags: isGiven(tags) ? tags : undefined,
    })
    return {
      CodeDeployLambdaAliasUpdate: present({
        ApplicationName: ref(APPLICATION),
        DeploymentGroupName: ref(`${logicalId}DeploymentGroup`),
        BeforeAllowTrafficHook: hook(hooks.PreTraffic),
        AfterAllowTrafficHook: hook(hooks.PostTraffic),
      }),
    }
  }

  /** The application, the role and a group per function; nothing when no function wants them. Adds to `conditions` what they depend on. */
  resources(conditions: JsonObject): Generated[] {
    const enabled = [...this.#byFunction].flatMap(([id, preference]) =>
      preference === undefined ? [] : [[id, preference] as const],
    )
    if (enabled.length === 0) return []
    const preferences = enabled.map(([, preference]) => preference)
    const condition = this.#commonCondition(preferences, conditions)
    const attributes: JsonObject = condition === undefined ? {} : { Condition: condition }
    const tags = Object.assign({}, ...preferences.map((preference) => preference.tags)) as JsonObject
    const tagged: JsonObject = isGiven(tags) ? { Tags: tagList(tags) } : {}
    const application = generated(APPLICATION, 'AWS::CodeDeploy::Application', attributes, {
      ComputePlatform: 'Lambda',
      ...tagged,
    })
    const role = generated(SERVICE_ROLE, 'AWS::IAM::Role', attributes, {
      AssumeRolePolicyDocument: assumeRolePolicy('codedeploy.amazonaws.com'),
      ManagedPolicyArns: [`arn:${this.#partition}:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda`],
      ...tagged,
    })
    const needsRole = preferences.some((preference) => preference.role === undefined)
    return [
      application,
      ...(needsRole ? [role] : []),
      ...enabled.map(([logicalId, preference]) => deploymentGroup(logicalId, preference)),
    ]
  }

  /** What the application and the role depend on when every function that uses them has a condition. */
  #commonCondition(preferences: readonly Preference[], conditions: JsonObject): string | undefined {
    if (preferences.some((preference) => preference.condition === undefined)) return undefined
    const all = [...new Set(preferences.map((preference) => preference.condition as string))]
    if (all.length < 2) return all[0]
    let number = Math.floor((all.length - 2) / (OR_CONDITIONS_MAX - 1))
    for (let rest = all; rest.length > 1; number--) {
      const name = number > 0 ? `${CONDITION}${number}` : CONDITION
      conditions[name] = { 'Fn::Or': rest.slice(0, OR_CONDITIONS_MAX).map((condition) => ({ Condition: condition })) }
      rest = [...rest.slice(OR_CONDITIONS_MAX), name]
    }
    return CONDITION
  }
}

function deploymentGroup(logicalId: string, preference: Preference): Generated {
  return generated(
    `${logicalId}DeploymentGroup`,
    'AWS::CodeDeploy::DeploymentGroup',
    preference.condition === undefined ? {} : { Condition: preference.condition },
    present({
      AlarmConfiguration: alarms(logicalId, preference.alarms),
      ApplicationName: ref(APPLICATION),
      AutoRollbackConfiguration: {
        Enabled: true,
        Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
      },
      DeploymentConfigName: configurationName(structuredClone(preference.type)),
      DeploymentStyle: { DeploymentType: 'BLUE_GREEN', DeploymentOption: 'WITH_TRAFFIC_CONTROL' },
      ServiceRoleArn: preference.role ?? getAtt(SERVICE_ROLE, 'Arn'),
      TriggerConfigurations: preference.triggers,
      Tags: preference.tags === undefined ? undefined : tagList(preference.tags),
    }),
  )
}

function alarms(logicalId: string, value: Json | undefined): Json | undefined {
  if (!isGiven(value) || isNoValue(value)) return undefined
  if (!isIf(value)) return alarmConfiguration(logicalId, value)
  const items = ifArguments(value['Fn::If'])
  if (items === undefined) throw invalidResource(logicalId, IF_ARGUMENTS_REASON)
  const [condition, whenTrue, whenFalse] = items
  return { 'Fn::If': [condition, alarmConfiguration(logicalId, whenTrue), alarmConfiguration(logicalId, whenFalse)] }
}

function alarmConfiguration(logicalId: string, value: Json): Json {
  if (!Array.isArray(value)) throw invalidResource(logicalId, 'Alarms must be a list')
  if (value.length === 0 || isNoValue(value[0])) return {}
  return { Enabled: true, Alarms: value.map((Name) => ({ Name })) }
}

/** CodeDeploy's own configurations have a prefix that the author does not write, wherever in an intrinsic function they stand. */
function configurationName(value: Json, inside?: string): Json {
  if (Array.isArray(value)) return value.map((item) => configurationName(item))
  if (isIntrinsic(value)) {
    const [name = ''] = Object.keys(value)
    return { [name]: configurationName(objectOr(value)[name] ?? null, name) }
  }
  if (typeof value !== 'string' || !PREDEFINED.has(value)) return value
  const parts: Json = ['CodeDeployDefault.Lambda${ConfigName}', { ConfigName: value }]
  return inside === 'Fn::Sub' ? parts : sub(parts[0] as string, parts[1] as JsonObject)
}

function hook(value: Json | undefined): Json | undefined {
  return isObject(value) && value.Ref === null ? undefined : value
}
