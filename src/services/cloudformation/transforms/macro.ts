import { AwsError } from '../../../protocol/errors.ts'
import type { TemplateObject, TemplateValue } from '../../../template/template.ts'
import { Refusal } from '../refusal.ts'
import type { TransformContext } from './context.ts'

/**
 * A template, or a piece of one, as a macro's function rewrites it: called as the deployer, and waited for. Throws {@link Refusal} with what
 * the function says. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
 */
export async function runMacro(
  ctx: TransformContext,
  name: string,
  fragment: TemplateObject,
  params: TemplateObject,
): Promise<TemplateValue> {
  const { accountId, region } = ctx.pseudo
  const transformId = `${accountId}::${name}`
  const functionName = await ctx.findMacro(name)
  if (functionName === undefined) throw new Refusal(`No transform named ${transformId} found.`)
  const templateParameterValues = Object.fromEntries(
    Object.values(ctx.parameters).map((parameter) => [parameter.name, parameter.value]),
  )
  const event = {
    region,
    accountId,
    fragment,
    transformId,
    params,
    requestId: ctx.requestId,
    templateParameterValues,
  }
  const answer = await invoke(ctx, functionName, transformId, JSON.stringify(event))
  if (answer.status !== 'success') {
    const reason = typeof answer.errorMessage === 'string' ? answer.errorMessage : 'no reason given'
    throw new Refusal(`Transform ${transformId} failed with: ${reason}.`)
  }
  if (answer.fragment === undefined) throw malformed(transformId)
  return answer.fragment
}

interface MacroAnswer {
  readonly status?: unknown
  readonly fragment?: TemplateValue
  readonly errorMessage?: unknown
}

async function invoke(
  ctx: TransformContext,
  functionName: string,
  transformId: string,
  event: string,
): Promise<MacroAnswer> {
  try {
    const { FunctionError, Payload } = await ctx.call(
      'lambda',
      'Invoke',
      { FunctionName: functionName, InvocationType: 'RequestResponse', Payload: Buffer.from(event) },
      ctx.caller,
      { region: ctx.pseudo.region },
    )
    const text = Payload === undefined ? '' : Buffer.from(Payload).toString('utf8')
    if (FunctionError !== undefined) throw new Refusal(`Transform ${transformId} failed with: ${errorMessage(text)}.`)
    const answer = parsed(text)
    if (typeof answer !== 'object' || answer === null) throw malformed(transformId)
    return answer
  } catch (error) {
    if (error instanceof AwsError) throw new Refusal(`Transform ${transformId} failed with: ${error.message}`)
    throw error
  }
}

function errorMessage(text: string): string {
  const answer = parsed(text)
  const message = typeof answer === 'object' && answer !== null && 'errorMessage' in answer ? answer.errorMessage : text
  return String(message)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function malformed(transformId: string): Refusal {
  return new Refusal(`Received malformed response from transform ${transformId}`)
}
