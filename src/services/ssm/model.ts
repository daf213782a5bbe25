import type { InputOf, Operation, OutputOf } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import type { Ssm } from './service.ts'

export type SsmModel = ServiceModels['ssm']
export type Input<N extends string> = InputOf<SsmModel, N>
export type SsmOperation<N extends string> = Operation<Input<N>, OutputOf<SsmModel, N>, Ssm>
