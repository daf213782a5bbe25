import { randomText } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { resourceConflict } from '../errors.ts'
import { homeOf, type LambdaOperation } from '../operation.ts'
import { pageSize, readMarker, writeMarker } from '../page.ts'
import { readSigning, requireSigning, type SigningKey, signingConfigOf } from '../signing/code-signing.ts'
import { type CodeSigningConfigRow, codeSigningConfigs, codeSigningUses } from '../tables.ts'
import { checkTags, tagContext } from '../tags.ts'

const PAGE_MAX = 50
const PAGE_ALLOWED_MAX = 10_000

export const createCodeSigningConfig: LambdaOperation<'CreateCodeSigningConfig'> = {
  authorize({ input: { Tags = {} } }) {
    const hasTags = Object.keys(Tags).length > 0
    return [
      { action: 'lambda:CreateCodeSigningConfig', resource: '*', ...(hasTags && { context: tagContext(Tags) }) },
      ...(hasTags ? [{ action: 'lambda:TagResource', resource: '*', context: tagContext(Tags) }] : []),
    ]
  },

  async handle(call, lambda) {
    const tags = call.input.Tags ?? {}
    checkTags(tags)
    const key: SigningKey = [call.accountId, call.region, `csc-${randomText('0123456789abcdef', 17)}`]
    const given = readSigning(call.input)
    const row: CodeSigningConfigRow = {
      description: given.description ?? null,
      publishers: given.publishers ?? [],
      policy: given.policy ?? 'Warn',
      tags,
      modifiedMs: call.nowMs,
    }
    await transact(lambda.store, async (tx) => codeSigningConfigs.put(tx, key, row))
    return { CodeSigningConfig: signingConfigOf(key, row) }
  },
}

export const getCodeSigningConfig: LambdaOperation<'GetCodeSigningConfig'> = {
  authorize: ({ input }) => [{ action: 'lambda:GetCodeSigningConfig', resource: input.CodeSigningConfigArn }],

  async handle(call, lambda) {
    const { key, row } = await requireSigning(lambda.store, call.input.CodeSigningConfigArn, homeOf(call))
    return { CodeSigningConfig: signingConfigOf(key, row) }
  },
}

export const updateCodeSigningConfig: LambdaOperation<'UpdateCodeSigningConfig'> = {
  authorize: ({ input }) => [{ action: 'lambda:UpdateCodeSigningConfig', resource: input.CodeSigningConfigArn }],

  async handle(call, lambda) {
    const given = readSigning(call.input)
    return transact(lambda.store, async (tx) => {
      const { key, row } = await requireSigning(tx, call.input.CodeSigningConfigArn, homeOf(call))
      const changed = { ...row, ...given, modifiedMs: call.nowMs }
      codeSigningConfigs.put(tx, key, changed)
      return { CodeSigningConfig: signingConfigOf(key, changed) }
    })
  },
}

export const deleteCodeSigningConfig: LambdaOperation<'DeleteCodeSigningConfig'> = {
  authorize: ({ input }) => [{ action: 'lambda:DeleteCodeSigningConfig', resource: input.CodeSigningConfigArn }],

  async handle(call, lambda) {
    const arn = call.input.CodeSigningConfigArn
    await transact(lambda.store, async (tx) => {
      const { key } = await requireSigning(tx, arn, homeOf(call))
      const [use] = await codeSigningUses.list(tx, { prefix: key, limit: 1 })
      if (use !== undefined) {
        throw resourceConflict(`The code signing configuration ${arn} is used by the function ${use.key[3]}.`)
      }
      codeSigningConfigs.delete(tx, key)
    })
    return {}
  },
}

export const listCodeSigningConfigs: LambdaOperation<'ListCodeSigningConfigs'> = {
  authorize: () => [{ action: 'lambda:ListCodeSigningConfigs', resource: '*' }],

  async handle(call, lambda) {
    const limit = pageSize(call.input, PAGE_ALLOWED_MAX, PAGE_MAX)
    const after = readMarker(call.input.Marker)
    const prefix = [call.accountId, call.region] as const
    const rows = await codeSigningConfigs.list(lambda.store, {
      prefix,
      limit: limit + 1,
      ...(after !== undefined && { after: [...prefix, after] }),
    })
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    return {
      CodeSigningConfigs: page.map(({ key, value }) => signingConfigOf(key, value)),
      ...(rows.length > limit && last && { NextMarker: writeMarker(last.key[2]) }),
    }
  },
}

export const listFunctionsByCodeSigningConfig: LambdaOperation<'ListFunctionsByCodeSigningConfig'> = {
  authorize: ({ input }) => [
    { action: 'lambda:ListFunctionsByCodeSigningConfig', resource: input.CodeSigningConfigArn },
  ],

  async handle(call, lambda) {
    const { accountId, region, input } = call
    const { key: prefix } = await requireSigning(lambda.store, input.CodeSigningConfigArn, homeOf(call))
    const limit = pageSize(input, PAGE_ALLOWED_MAX, PAGE_MAX)
    const after = readMarker(input.Marker)
    const rows = await codeSigningUses.list(lambda.store, {
      prefix,
      limit: limit + 1,
      ...(after !== undefined && { after: [...prefix, after] }),
    })
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    return {
      FunctionArns: page.map(({ key }) => `arn:aws:lambda:${region}:${accountId}:function:${key[3]}`),
      ...(rows.length > limit && last && { NextMarker: writeMarker(last.key[3]) }),
    }
  },
}
