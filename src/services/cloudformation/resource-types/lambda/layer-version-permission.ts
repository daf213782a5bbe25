import type { TemplateValue } from '../../../../template/template.ts'
import { isCode, unlessGone } from '../outcomes.ts'
import { defineResourceType } from '../shaped-type.ts'
import { layerVersionOf } from './layer-version.ts'

const STATEMENT_ID_LENGTH_MAX = 100
const GONE = 'ResourceNotFoundException'

export const lambdaLayerVersionPermission = defineResourceType({
  name: 'AWS::Lambda::LayerVersionPermission',
  shape: { LayerVersionArn: 'text', Action: 'text', Principal: 'text', OrganizationId: 'text' },

  async create(ctx, { LayerVersionArn = '', Action = '', Principal = '', OrganizationId }) {
    const StatementId = ctx.physicalName({ lengthMax: STATEMENT_ID_LENGTH_MAX })
    try {
      await ctx.call('lambda', 'AddLayerVersionPermission', {
        ...layerVersionOf(LayerVersionArn),
        StatementId,
        Action,
        Principal,
        ...(OrganizationId !== undefined && { OrganizationId }),
      })
    } catch (error) {
      // The statement's name is of this resource alone.
      if (!ctx.isRepeat || !isCode(error, 'ResourceConflictException')) throw error
    }
    const Id = `${LayerVersionArn}#${StatementId}`
    return { physicalId: Id, attributes: { Id } }
  },

  async delete(ctx, { physicalId }) {
    const { arn, StatementId } = partsOf(physicalId)
    await unlessGone(ctx.call('lambda', 'RemoveLayerVersionPermission', { ...layerVersionOf(arn), StatementId }), GONE)
  },

  async read(ctx, { physicalId, properties }) {
    const { arn, StatementId } = partsOf(physicalId)
    const answer = await unlessGone(ctx.call('lambda', 'GetLayerVersionPolicy', layerVersionOf(arn)), GONE)
    const { Statement: statements } = JSON.parse(answer?.Policy ?? '{"Statement":[]}') as { Statement: Statement[] }
    const statement = statements.find(({ Sid }) => Sid === StatementId)
    if (statement === undefined) return undefined
    const account = typeof statement.Principal === 'string' ? statement.Principal : statement.Principal.AWS
    const told: Record<string, TemplateValue | undefined> = {
      LayerVersionArn: arn,
      Action: statement.Action,
      // An account is kept as its root; it may have been written as its number.
      Principal: account === `arn:aws:iam::${properties.Principal}:root` ? properties.Principal : account,
      OrganizationId: statement.Condition?.StringEquals['aws:PrincipalOrgID'],
    }
    return told
  },
})

interface Statement {
  readonly Sid: string
  readonly Action: string
  readonly Principal: string | { readonly AWS: string }
  readonly Condition?: { readonly StringEquals: Readonly<Record<string, string>> }
}

function partsOf(physicalId: string): { arn: string; StatementId: string } {
  const hash = physicalId.lastIndexOf('#')
  return { arn: physicalId.slice(0, hash), StatementId: physicalId.slice(hash + 1) }
}
