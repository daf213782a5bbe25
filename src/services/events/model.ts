import type { InputOf, Operation, OutputOf } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import type { Events } from './service.ts'

export type EventsModel = ServiceModels['events']
export type Input<N extends string> = InputOf<EventsModel, N>
export type EventsOperation<N extends string> = Operation<Input<N>, OutputOf<EventsModel, N>, Events>
