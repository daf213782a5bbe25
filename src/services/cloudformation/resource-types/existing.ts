import { AwsError } from '../../../protocol/errors.ts'

/** What CloudFormation says when a name that a template gives is taken, where the service itself would take over what has it. */
export function nameTaken(type: string, identifier: string): AwsError {
  return new AwsError(
    'AlreadyExists',
    409,
    `Resource of type '${type}' with identifier '${identifier}' already exists.`,
  )
}
