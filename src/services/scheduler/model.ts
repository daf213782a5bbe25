import type { InputOf, Operation, OutputOf } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import type { Scheduler } from './service.ts'

export type SchedulerModel = ServiceModels['scheduler']
export type Input<N extends string> = InputOf<SchedulerModel, N>
export type SchedulerOperation<N extends string> = Operation<Input<N>, OutputOf<SchedulerModel, N>, Scheduler>
