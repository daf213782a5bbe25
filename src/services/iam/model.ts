import type { InputOf, Operation, OutputOf } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import type { Iam } from './service.ts'

export type IamModel = ServiceModels['iam']
export type Input<N extends string> = InputOf<IamModel, N>
export type Output<N extends string> = OutputOf<IamModel, N>
export type IamOperation<N extends string> = Operation<Input<N>, Output<N>, Iam>
