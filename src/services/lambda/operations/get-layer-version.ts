import { validationException } from '../errors.ts'
import {
  assertVersionNumber,
  layerArn,
  layerVersionKey,
  layerVersionOf,
  layerVersionOutput,
  parseLayerVersionArn,
  requireLayerVersion,
} from '../layers.ts'
import type { LambdaOperation } from '../operation.ts'

export const getLayerVersion: LambdaOperation<'GetLayerVersion'> = {
  authorize: (call) => [{ action: 'lambda:GetLayerVersion', resource: layerVersionOf(call).arn }],

  async handle(call, lambda) {
    const { layer, version, key } = layerVersionOf(call)
    assertVersionNumber(version)
    return layerVersionOutput(call, lambda, layerArn(layer), version, await requireLayerVersion(lambda, key))
  },
}

export const getLayerVersionByArn: LambdaOperation<'GetLayerVersionByArn'> = {
  authorize: ({ input }) => [{ action: 'lambda:GetLayerVersion', resource: input.Arn ?? '*' }],

  async handle(call, lambda) {
    const parsed = parseLayerVersionArn(call.input.Arn)
    if (parsed === undefined) {
      throw validationException(
        `1 validation error detected: Value '${call.input.Arn}' at 'arn' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+`,
      )
    }
    const { layer, version } = parsed
    const row = await requireLayerVersion(lambda, layerVersionKey(layer, version))
    return layerVersionOutput(call, lambda, layerArn(layer), version, row)
  },
}
