import type { TemplateValue } from '../template.ts'
import { TemplateError } from '../template.ts'
import { Unknown } from '../unknown.ts'
import { cidrBlocks } from './cidr-blocks.ts'
import type { Intrinsic } from './intrinsic.ts'
import { requireArguments, requireList, requireText } from './intrinsic.ts'

const SELECT = 'Template error: Fn::Select requires a list argument with two elements: an integer index and a list'
const GET_AZS = 'Template error: every Fn::GetAZs object requires a string parameter, the name of a region'
const CIDR =
  'Template error: every Fn::Cidr object requires two or three parameters, an ip block, a count of blocks from 1 to 256 and the number of subnet bits of each'

export const select: Intrinsic = (argument, { evaluate }) => {
  const [index, list] = requireArguments(argument, [2, 2], SELECT)
  const wanted = requireText(evaluate(index as TemplateValue), SELECT)
  const items = requireList(evaluate(list as TemplateValue), SELECT)
  if (wanted instanceof Unknown) return wanted
  if (!/^\d+$/.test(wanted)) throw new TemplateError(SELECT)
  if (items instanceof Unknown) return items
  const item = items[Number(wanted)]
  if (item === undefined || item === null)
    throw new TemplateError(`Template error: Fn::Select cannot select nonexistent value at index ${wanted}`)
  return item
}

/** Three zones, as every region has at least. */
export const getAzs: Intrinsic = (argument, { scope, evaluate }) => {
  const written = requireText(evaluate(argument), GET_AZS)
  if (written instanceof Unknown) return written
  const region = written === '' ? scope.pseudo.region : written
  return ['a', 'b', 'c'].map((zone) => `${region}${zone}`)
}

export const cidr: Intrinsic = (argument, { evaluate }) => {
  const parts = requireArguments(argument, [2, 3], CIDR).map((part) => requireText(evaluate(part), CIDR))
  const unknown = parts.find((part) => part instanceof Unknown)
  if (unknown !== undefined) return unknown
  const [block = '', count, bits] = parts as string[]
  const blocks = cidrBlocks(block, Number(count), bits === undefined ? undefined : Number(bits))
  if (blocks === undefined) throw new TemplateError(CIDR)
  return blocks
}
