import { documentOf, documentText } from '../documents.ts'
import type { Members } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { forAll, TARGETS, targetsOf, targetsThat, without } from './targets.ts'

const ID_LENGTH_MAX = 128

/** One document as the inline policy of several roles, users and groups. */
export const iamPolicy = defineResourceType({
  name: 'AWS::IAM::Policy',
  shape: { PolicyName: 'text', PolicyDocument: 'json', ...TARGETS } as const satisfies Members,

  async create(ctx, { PolicyName = '', PolicyDocument, ...targets }) {
    const document = documentText(PolicyDocument)
    await forAll(
      targetsOf(targets),
      ({ principal, name }) => principal.putPolicy(ctx, name, PolicyName, document),
      ({ principal, name }) => principal.deletePolicy(ctx, name, PolicyName),
    )
    const Id = ctx.physicalName({ lengthMax: ID_LENGTH_MAX })
    return { physicalId: Id, attributes: { Id } }
  },

  async update(ctx, { physicalId, attributes, properties: before }, { PolicyName = '', PolicyDocument, ...targets }) {
    const { PolicyName: oldName = '', PolicyDocument: _, ...oldTargets } = before
    const wanted = targetsOf(targets)
    const document = documentText(PolicyDocument)
    for (const { principal, name } of wanted) await principal.putPolicy(ctx, name, PolicyName, document)
    const old = targetsOf(oldTargets)
    const left = oldName === PolicyName ? without(old, wanted) : old
    for (const { principal, name } of left) await principal.deletePolicy(ctx, name, oldName)
    return { physicalId, attributes }
  },

  async delete(ctx, { properties: { PolicyName = '', ...targets } }) {
    for (const { principal, name } of targetsOf(targets)) await principal.deletePolicy(ctx, name, PolicyName)
  },

  async read(ctx, { properties: { PolicyName = '', PolicyDocument, ...targets } }) {
    const documents: string[] = []
    const found = await targetsThat(targets, async ({ principal, name }) => {
      const document = await principal.getPolicy(ctx, name, PolicyName)
      if (document !== undefined) documents.push(document)
      return document !== undefined
    })
    if (documents[0] === undefined) return undefined
    // When one of them was changed, that one is what to tell.
    const written = JSON.stringify(documentOf(documentText(PolicyDocument)))
    const other = documents.find((document) => JSON.stringify(documentOf(document, true)) !== written)
    return { PolicyName, PolicyDocument: documentOf(other ?? documents[0], true), ...found }
  },
})
