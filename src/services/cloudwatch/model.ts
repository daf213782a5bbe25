import type { InputOf, Operation, OutputOf } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import type { CloudWatch } from './service.ts'

export type CloudWatchModel = ServiceModels['cloudwatch']
export type Input<N extends string> = InputOf<CloudWatchModel, N>
export type CloudWatchOperation<N extends string> = Operation<Input<N>, OutputOf<CloudWatchModel, N>, CloudWatch>
