import type { InputOf, Operation, OutputOf } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import type { Logs } from './service.ts'

export type LogsModel = ServiceModels['logs']
export type Input<N extends string> = InputOf<LogsModel, N>
export type LogsOperation<N extends string> = Operation<Input<N>, OutputOf<LogsModel, N>, Logs>
