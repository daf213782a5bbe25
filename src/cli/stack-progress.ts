import type { DeployError, DeployProgress } from '../client/deploy.ts'
import { styled, tell } from './output.ts'

/** Tells what a deployment does, a line each, on stderr. */
export function tellProgress(): (progress: DeployProgress) => void {
  return (progress) => {
    switch (progress.kind) {
      case 'packaged':
        return
      case 'warning':
        return tell(`${styled('yellow', 'warning')} ${progress.text}`)
      case 'uploaded':
        return tell(`${styled('dim', `uploaded ${progress.count} to s3://${progress.bucket}`)}`)
      case 'replacing':
        return tell(`the stack is in ${progress.status}: it is deleted and made anew`)
      case 'changes':
        for (const { action, logicalId, resourceType, replacement } of progress.changes) {
          const how = replacement === 'True' ? ' (replaced)' : replacement === 'Conditional' ? ' (may be replaced)' : ''
          tell(`  ${SIGNS[action] ?? ' '} ${logicalId} ${styled('dim', resourceType)}${how}`)
        }
        return
      case 'event': {
        const { status, logicalId, resourceType, reason } = progress.event
        // Each resource says so a second time, once it has an id.
        if (/^Resource \w+ Initiated$/.test(reason ?? '')) return
        const isFailure = status.endsWith('_FAILED') || status.includes('ROLLBACK')
        const shown = styled(isFailure ? 'red' : status.endsWith('_COMPLETE') ? 'green' : 'dim', status.padEnd(28))
        return tell(
          `  ${shown} ${logicalId} ${styled('dim', resourceType)}${reason === undefined ? '' : `  ${reason}`}`,
        )
      }
    }
  }
}

const SIGNS: Readonly<Record<string, string>> = { Add: '+', Modify: '~', Remove: '-' }

/** What failed, and why, first things first. */
export function failureText({ message, failures }: DeployError): string {
  const lines = failures
    .filter(({ reason }) => !/cancelled/i.test(reason ?? ''))
    .map(({ logicalId, resourceType, reason }) => `  ${logicalId} (${resourceType}): ${reason ?? 'failed'}`)
  return [message, ...lines].join('\n')
}
