import type { InputOf, Operation, OutputOf } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import type { CloudFormation } from './service.ts'

export type CloudFormationModel = ServiceModels['cloudformation']
export type Input<N extends string> = InputOf<CloudFormationModel, N>
export type Output<N extends string> = OutputOf<CloudFormationModel, N>
export type CloudFormationOperation<N extends string> = Operation<Input<N>, Output<N>, CloudFormation>
