import type { TemplateValue } from '../../../../template/template.ts'
import { isCode, unlessGone } from '../outcomes.ts'
import { defineResourceType } from '../shaped-type.ts'
import type { FunctionInput } from './function-input.ts'

const STATEMENT_ID_LENGTH_MAX = 100
const GONE = 'ResourceNotFoundException'

export const lambdaPermission = defineResourceType({
  name: 'AWS::Lambda::Permission',
  shape: {
    FunctionName: 'text',
    Action: 'text',
    Principal: 'text',
    SourceArn: 'text',
    SourceAccount: 'text',
    EventSourceToken: 'text',
    FunctionUrlAuthType: 'text',
    PrincipalOrgID: 'text',
    InvokedViaFunctionUrl: 'boolean',
  },

  async create(ctx, { FunctionName = '', Action, Principal, ...conditions }) {
    const StatementId = ctx.physicalName({ lengthMax: STATEMENT_ID_LENGTH_MAX })
    try {
      await ctx.call('lambda', 'AddPermission', {
        FunctionName,
        StatementId,
        Action: Action ?? '',
        Principal: Principal ?? '',
        ...conditions,
      } as FunctionInput<'AddPermission'>)
    } catch (error) {
      // The statement's name is of this resource alone.
      if (!ctx.isRepeat || !isCode(error, 'ResourceConflictException')) throw error
    }
    return { physicalId: StatementId, attributes: { Id: StatementId } }
  },

  async delete(ctx, { physicalId: StatementId, properties: { FunctionName = '' } }) {
    await unlessGone(ctx.call('lambda', 'RemovePermission', { FunctionName, StatementId }), GONE)
  },

  async read(ctx, { physicalId, properties: { FunctionName = '', Principal } }) {
    const answer = await unlessGone(ctx.call('lambda', 'GetPolicy', { FunctionName }), GONE)
    const { Statement: statements } = JSON.parse(answer?.Policy ?? '{"Statement":[]}') as { Statement: Statement[] }
    const statement = statements.find(({ Sid }) => Sid === physicalId)
    return statement && { FunctionName, ...propertiesOf(statement, Principal) }
  },
})

interface Statement {
  readonly Sid: string
  readonly Action: string
  readonly Principal: string | { readonly Service?: string; readonly AWS?: string }
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** Names of condition keys say nothing by their case. */
const CONDITION_PROPERTIES: Readonly<Record<string, string>> = {
  'aws:sourcearn': 'SourceArn',
  'aws:sourceaccount': 'SourceAccount',
  'aws:principalorgid': 'PrincipalOrgID',
  'lambda:eventsourcetoken': 'EventSourceToken',
  'lambda:functionurlauthtype': 'FunctionUrlAuthType',
  'lambda:invokedviafunctionurl': 'InvokedViaFunctionUrl',
}

function propertiesOf(statement: Statement, written: string | undefined): Record<string, TemplateValue> {
  const properties: Record<string, TemplateValue> = {
    Action: statement.Action,
    Principal: principalOf(statement.Principal, written),
  }
  for (const keys of Object.values(statement.Condition ?? {})) {
    for (const [key, value] of Object.entries(keys)) {
      const name = CONDITION_PROPERTIES[key.toLowerCase()]
      if (name !== undefined) properties[name] = value
    }
  }
  return properties
}

/** An account is kept as its root; it may have been written as its number. */
function principalOf(principal: Statement['Principal'], written: string | undefined): string {
  if (typeof principal === 'string') return principal
  const { Service, AWS = '' } = principal
  if (Service !== undefined) return Service
  return AWS === `arn:aws:iam::${written}:root` ? (written ?? AWS) : AWS
}
