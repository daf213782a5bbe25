import { AwsError } from '../../../protocol/errors.ts'
import type { ResourceChange } from '../../../template/diff.ts'
import type { CloudFormation } from '../service.ts'
import { findStack, revisionOf } from '../stacks.ts'
import { type SourceReader, templateText } from '../template-source.ts'

const STACK = 'AWS::CloudFormation::Stack'

/** The changes, with a nested stack among them when another template lies now where its template lay. */
export async function withNestedChanges(
  service: CloudFormation,
  reader: SourceReader,
  home: { readonly accountId: string; readonly region: string },
  changes: readonly ResourceChange[],
): Promise<readonly ResourceChange[]> {
  return Promise.all(
    changes.map(async (change) => {
      if (change.type !== STACK || change.action !== 'Unchanged') return change
      const { physicalId, after } = change
      const url = after?.properties['TemplateURL']
      if (physicalId === undefined || typeof url !== 'string') return change
      const child = await findStack(service.store, home, physicalId)
      const revision = child && (await revisionOf(service.store, child))
      if (revision === undefined || (await textAt(reader, url)) === revision.original) return change
      return { ...change, action: 'Modify', replacement: 'False', scope: ['Properties'] } as const
    }),
  )
}

/** Undefined when it cannot be read: the deployment will say why. */
async function textAt(reader: SourceReader, url: string): Promise<string | undefined> {
  try {
    return await templateText(reader, { TemplateURL: url })
  } catch (error) {
    if (error instanceof AwsError) return undefined
    throw error
  }
}
