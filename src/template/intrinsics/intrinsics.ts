import { findInMap, ifElse } from './choices.ts'
import type { Intrinsic } from './intrinsic.ts'
import { cidr, getAzs, select } from './lists.ts'
import { getAtt, importValue, ref } from './references.ts'
import { base64, join, split, sub } from './strings.ts'

/** The functions that may stand in properties and outputs. */
export const INTRINSICS: ReadonlyMap<string, Intrinsic> = new Map<string, Intrinsic>([
  ['Fn::Base64', base64],
  ['Fn::Cidr', cidr],
  ['Fn::FindInMap', findInMap],
  ['Fn::GetAZs', getAzs],
  ['Fn::GetAtt', getAtt],
  ['Fn::If', ifElse],
  ['Fn::ImportValue', importValue],
  ['Fn::Join', join],
  ['Fn::Select', select],
  ['Fn::Split', split],
  ['Fn::Sub', sub],
  ['Ref', ref],
])
