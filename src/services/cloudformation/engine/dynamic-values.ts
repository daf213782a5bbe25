import type { Caller } from '../../../protocol/caller.ts'
import { AwsError } from '../../../protocol/errors.ts'
import {
  type DynamicReference,
  findDynamicReferences,
  substituteDynamicReferences,
} from '../../../template/dynamic-references.ts'
import type { TemplateObject } from '../../../template/template.ts'
import type { StackRun } from './run.ts'

/**
 * Puts values in the place of `{{resolve:…}}`, read as whoever calls for the stack. Only on the way to a resource: rows and events keep the
 * references, so a secret is never written down; the run knows it from then on, and no reason tells it. Throws AwsError and TemplateError.
 */
export async function resolveDynamicReferences(
  run: StackRun,
  caller: Caller,
  properties: TemplateObject,
): Promise<TemplateObject> {
  const { region } = run.stack
  const references = findDynamicReferences(properties)
  if (references.length === 0) return properties
  const values: Record<string, string> = {}
  for (const reference of references) values[reference.text] ??= await read(reference)
  return substituteDynamicReferences(properties, values)

  async function read(reference: DynamicReference): Promise<string> {
    if (reference.service === 'secretsmanager') {
      throw new AwsError(
        'NotImplemented',
        501,
        `Millrace has no Secrets Manager, so ${reference.text} cannot be resolved`,
      )
    }
    const { name, version } = reference
    const isSecure = reference.service === 'ssm-secure'
    const Name = version === undefined ? name : `${name}:${version}`
    const { Parameter } = await run.room.call('ssm', 'GetParameter', { Name, WithDecryption: isSecure }, caller, {
      region,
    })
    if (isSecure !== (Parameter?.Type === 'SecureString')) {
      const wanted = isSecure ? 'a SecureString' : 'no SecureString'
      throw new AwsError('ValidationError', 400, `${reference.text}: the parameter must be ${wanted}`)
    }
    const { Value = '' } = Parameter ?? {}
    if (isSecure && Value !== '') run.resolvedSecrets.add(Value)
    return Value
  }
}
