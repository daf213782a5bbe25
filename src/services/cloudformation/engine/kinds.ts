import type { Tags } from '../tables.ts'
import { advanceCustomResource, isCustomResource } from './custom-resource.ts'
import { advanceNestedStack } from './nested-stack.ts'
import type { StepProgress } from './progress.ts'
import { callResource } from './resource-call.ts'
import type { StackRun } from './run.ts'
import type { Subject } from './subject.ts'
import { advanceWaitCondition, advanceWaitConditionHandle } from './wait-condition.ts'

export interface AdvanceOptions {
  readonly stackTags: Tags
  readonly isRepeat: boolean
  readonly signal: AbortSignal
}

export const NESTED_STACK_TYPE = 'AWS::CloudFormation::Stack'
export const WAIT_CONDITION_TYPE = 'AWS::CloudFormation::WaitCondition'
export const WAIT_CONDITION_HANDLE_TYPE = 'AWS::CloudFormation::WaitConditionHandle'

/** Does what can be done now of a step that is written down. */
export function advance(run: StackRun, subject: Subject, options: AdvanceOptions): Promise<StepProgress> {
  const { stackTags, isRepeat, signal } = options
  switch (subject.type) {
    case NESTED_STACK_TYPE:
      return advanceNestedStack(run, subject, stackTags)
    case WAIT_CONDITION_TYPE:
      return advanceWaitCondition(run, subject)
    case WAIT_CONDITION_HANDLE_TYPE:
      return advanceWaitConditionHandle(run, subject)
    default:
      if (isCustomResource(subject.type)) return advanceCustomResource(run, subject)
      return callResource(run, subject, stackTags, isRepeat, signal)
  }
}
