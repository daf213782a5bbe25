import { randomHex } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { functionArn } from '../arn.ts'
import { functionKey } from '../catalog.ts'
import { Constraints } from '../constraints.ts'
import { noSuchResource, resourceConflict, resourceNotFound } from '../errors.ts'
import { changeFunction } from '../function-changes.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf, requireQualifierIn } from '../operation.ts'
import { pageSize, readMarker, writeMarker } from '../page.ts'
import { type FunctionUrlRow, functions, functionUrlIds, functionUrls } from '../tables.ts'
import { checkUrlInput, urlConfigOf, urlKey, urlRef } from '../urls/url-config.ts'

const PAGE_MAX = 50

export const createFunctionUrlConfig: LambdaOperation<'CreateFunctionUrlConfig'> = {
  authorize: (call) =>
    functionGrant('CreateFunctionUrlConfig', call, { 'lambda:FunctionUrlAuthType': call.input.AuthType ?? '' }),

  async handle(call, lambda) {
    const { AuthType, Cors, InvokeMode } = call.input
    new Constraints().present('authType', AuthType).check()
    checkUrlInput(call.input)
    const ref = urlRef(call)
    const row: FunctionUrlRow = {
      urlId: randomHex(16),
      authType: AuthType,
      cors: Cors ?? null,
      invokeMode: InvokeMode ?? 'BUFFERED',
      createdMs: call.nowMs,
      modifiedMs: call.nowMs,
    }
    await transact(lambda.store, async (tx) => {
      if ((await functions.get(tx, functionKey(ref))) === undefined) throw resourceNotFound('Function does not exist')
      await requireQualifierIn(tx, ref)
      if ((await functionUrls.get(tx, urlKey(ref))) !== undefined) {
        throw resourceConflict(
          `Failed to create function url config for [functionArn = ${functionArn(ref)}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
        )
      }
      await changeFunction(tx, ref)
      functionUrls.put(tx, urlKey(ref), row)
      functionUrlIds.put(tx, [row.urlId], [...urlKey(ref)])
    })
    const { InvokeMode: mode, LastModifiedTime: _, ...created } = urlConfigOf(call, lambda, ref, row)
    // The answer leaves out what was not sent; reads show it.
    return { ...created, ...(InvokeMode !== undefined && { InvokeMode: mode }) }
  },
}

export const getFunctionUrlConfig: LambdaOperation<'GetFunctionUrlConfig'> = {
  authorize: (call) => functionGrant('GetFunctionUrlConfig', call),

  async handle(call, lambda) {
    const ref = urlRef(call)
    const row = await functionUrls.get(lambda.store, urlKey(ref))
    if (row === undefined) throw noSuchResource()
    return urlConfigOf(call, lambda, ref, row)
  },
}

export const updateFunctionUrlConfig: LambdaOperation<'UpdateFunctionUrlConfig'> = {
  authorize(call) {
    const { AuthType } = call.input
    const context = AuthType === undefined ? undefined : { 'lambda:FunctionUrlAuthType': AuthType }
    return functionGrant('UpdateFunctionUrlConfig', call, context)
  },

  async handle(call, lambda) {
    const { AuthType, Cors, InvokeMode } = call.input
    checkUrlInput(call.input)
    const ref = urlRef(call)
    const row = await transact(lambda.store, async (tx) => {
      const current = await functionUrls.get(tx, urlKey(ref))
      if (current === undefined) throw noSuchResource()
      const changed: FunctionUrlRow = {
        ...current,
        authType: AuthType ?? current.authType,
        cors: Cors === undefined ? current.cors : Object.keys(Cors).length === 0 ? null : Cors,
        invokeMode: InvokeMode ?? current.invokeMode,
        modifiedMs: call.nowMs,
      }
      functionUrls.put(tx, urlKey(ref), changed)
      return changed
    })
    return urlConfigOf(call, lambda, ref, row)
  },
}

export const deleteFunctionUrlConfig: LambdaOperation<'DeleteFunctionUrlConfig'> = {
  authorize: (call) => functionGrant('DeleteFunctionUrlConfig', call),

  async handle(call, lambda) {
    const ref = urlRef(call)
    await transact(lambda.store, async (tx) => {
      const row = await functionUrls.get(tx, urlKey(ref))
      if (row === undefined) throw noSuchResource()
      functionUrls.delete(tx, urlKey(ref))
      functionUrlIds.delete(tx, [row.urlId])
    })
    return {}
  },
}

export const listFunctionUrlConfigs: LambdaOperation<'ListFunctionUrlConfigs'> = {
  authorize: (call) => functionGrant('ListFunctionUrlConfigs', call),

  async handle(call, lambda) {
    const ref = { ...refOf(call), qualifier: undefined }
    if (ref.region !== homeOf(call).region || (await lambda.catalog.find(ref)) === undefined) {
      throw resourceNotFound('Function does not exist')
    }
    const limit = pageSize(call.input, PAGE_MAX, PAGE_MAX)
    const after = readMarker(call.input.Marker)
    const prefix = functionKey(ref)
    const rows = await functionUrls.list(lambda.store, {
      prefix,
      limit: limit + 1,
      ...(after !== undefined && { after: [...prefix, after] }),
    })
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    return {
      FunctionUrlConfigs: page.map(({ key, value }) =>
        urlConfigOf(call, lambda, { ...ref, qualifier: key[3] || undefined }, value),
      ),
      ...(rows.length > limit && last && { NextMarker: writeMarker(last.key[3]) }),
    }
  },
}
