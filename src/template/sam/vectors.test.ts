import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Template } from '../template.ts'
import { SamError } from './errors.ts'
import { isObject, type Json, type JsonObject, sortedJson } from './json.ts'
import { transformSam } from './transform.ts'

interface SuccessVector {
  readonly name: string
  readonly input: JsonObject
  readonly expected: JsonObject
}

interface ErrorVector {
  readonly name: string
  readonly input: JsonObject
  readonly message: string
}

/** Names of the vectors that come out differently, by how they do. */
interface Shortfall {
  readonly different: readonly string[]
  readonly accepted: readonly string[]
  readonly otherMessage: readonly string[]
}

const FOLDER = join(import.meta.dirname, '../../../test/vectors/sam')
const read = <T>(file: string) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as T
const successes = read<SuccessVector[]>('success.json')
const errors = read<ErrorVector[]>('errors.json')
const shortfall = read<Shortfall>('shortfall.json')

/** The managed policies that the vectors name. */
const MANAGED_POLICIES: Readonly<Record<string, string>> = {
  AWSLambdaRole: 'service-role/AWSLambdaRole',
  AmazonDynamoDBFullAccess: 'AmazonDynamoDBFullAccess',
  AmazonS3ReadOnlyAccess: 'AmazonS3ReadOnlyAccess',
}

function transform(input: JsonObject): Json | SamError {
  try {
    return transformSam(input as unknown as Template, {
      region: 'ap-southeast-1',
      partition: 'aws',
      parameters: {},
      managedPolicyArn: (name) => {
        const path = MANAGED_POLICIES[name]
        return path === undefined ? undefined : `arn:aws:iam::aws:policy/${path}`
      },
    }) as unknown as Json
  } catch (error) {
    if (error instanceof SamError) return error
    throw error
  }
}

/** Lists in one order: the outputs have them in any. */
function inOneOrder(value: Json): Json {
  if (Array.isArray(value)) return value.map(inOneOrder).toSorted((a, b) => (sortedJson(a) < sortedJson(b) ? -1 : 1))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, inOneOrder(member)]))
}

const isSame = (a: Json, b: Json) => sortedJson(inOneOrder(a)) === sortedJson(inOneOrder(b))
const percent = (part: number, whole: number) => `${part} of ${whole} (${((100 * part) / whole).toFixed(1)} %)`

describe('templates that AWS transforms', () => {
  it('become the same CloudFormation templates, but for those we know of', () => {
    const different = successes.filter(({ input, expected }) => {
      const result = transform(input)
      return result instanceof SamError || !isSame(result, expected)
    })
    console.log(
      `SAM templates: ${percent(successes.length - different.length, successes.length)} as AWS transforms them`,
    )
    expect(different.map(({ name }) => name)).toEqual(shortfall.different)
  })

  it('stay as they are while they are transformed', () => {
    for (const { input } of successes.slice(0, 20)) {
      const before = structuredClone(input)
      transform(input)
      expect(input).toEqual(before)
    }
  })
})

describe('templates that AWS refuses', () => {
  it('are refused here too, most of them in the same words', () => {
    const results = errors.map(({ name, input, message }) => ({ name, message, result: transform(input) }))
    const accepted = results.filter(({ result }) => !(result instanceof SamError))
    const otherMessage = results.filter(
      ({ message, result }) =>
        result instanceof SamError && result.message !== `Transform AWS::Serverless-2016-10-31 failed with: ${message}`,
    )
    const same = errors.length - accepted.length - otherMessage.length
    console.log(
      `SAM mistakes: ${percent(errors.length - accepted.length, errors.length)} refused, ${percent(same, errors.length)} in AWS's words`,
    )
    expect(accepted.map(({ name }) => name)).toEqual(shortfall.accepted)
    expect(otherMessage.map(({ name }) => name)).toEqual(shortfall.otherMessage)
  })
})
