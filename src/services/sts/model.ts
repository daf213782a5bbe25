import type { InputOf, Operation, OutputOf } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import type { Sts } from './service.ts'

export type StsModel = ServiceModels['sts']
export type Input<N extends string> = InputOf<StsModel, N>
export type StsOperation<N extends string> = Operation<Input<N>, OutputOf<StsModel, N>, Sts>
