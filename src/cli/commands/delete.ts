import { deleteStack, DeployError } from '../../client/deploy.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { type ConnectionFlags, explained, findConnection } from '../connection.ts'
import { onInterrupt } from '../follow.ts'
import { styled, tell } from '../output.ts'
import { failureText, tellProgress } from '../stack-progress.ts'

export interface DeleteFlags extends ConnectionFlags {
  readonly roleArn?: string
}

/** Deletes a stack with everything in it that its template does not retain, and tells what happens. */
export async function deleteCommand(stackName: string, flags: DeleteFlags): Promise<void> {
  const connection = await findConnection(flags)
  const signal = onInterrupt()
  try {
    const wasThere = await deleteStack(connection, stackName, {
      onProgress: tellProgress(),
      signal,
      ...(flags.roleArn !== undefined && { roleArn: flags.roleArn }),
    })
    if (!wasThere) throw new CliError(`there is no stack ${stackName}`, { exitCode: EXIT.notFound })
    tell(`${styled('green', 'deleted')} ${stackName}`)
  } catch (error) {
    if (signal.aborted) {
      tell('the stack goes on being deleted')
      process.exitCode = EXIT.interrupted
      return
    }
    if (!(error instanceof DeployError)) throw explained(error)
    throw new CliError(failureText(error), {
      fix: /not empty|BucketNotEmpty/.test(failureText(error))
        ? 'Empty the bucket ("aws s3 rm s3://bucket --recursive"), then delete the stack again.'
        : 'Mend what failed, then delete the stack again.',
    })
  }
}
