import { SaxesParser } from 'saxes'
import { Unreadable } from './unreadable.ts'

/** One element. Names are local (`s3:Key` is `Key`), attributes keep their prefix (`xsi:type`). */
export interface XmlNode {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlNode[]
  /** Character data directly inside, concatenated. */
  readonly text: string
}

/** Deepest document of the eleven services is 9; the bound keeps hostile input from exhausting the stack. */
export const XML_DEPTH_MAX = 64

interface OpenNode {
  name: string
  attributes: Record<string, string>
  children: XmlNode[]
  text: string
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const noChildren: XmlNode[] = []

/** A whole document as a tree. Throws {@link Unreadable} for anything not well-formed, a DTD, or too deep nesting. */
export function parseXml(body: Buffer): XmlNode {
  let text: string
  try {
    text = utf8.decode(body)
  } catch {
    throw new Unreadable('not UTF-8')
  }
  const parser = new SaxesParser({ xmlns: false, position: false })
  const open: OpenNode[] = []
  let root: XmlNode | undefined
  let current: OpenNode | undefined
  parser.on('error', (error) => {
    throw new Unreadable(error.message)
  })
  parser.on('doctype', () => {
    throw new Unreadable('a document type declaration is not allowed')
  })
  parser.on('opentag', (tag) => {
    if (open.length >= XML_DEPTH_MAX) throw new Unreadable(`nested deeper than ${XML_DEPTH_MAX} elements`)
    const name = tag.name.slice(tag.name.indexOf(':') + 1)
    current = { name, attributes: tag.attributes, children: noChildren, text: '' }
    open.push(current)
  })
  const addText = (part: string) => {
    if (current !== undefined) current.text += part
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => {
    const closed = open.pop() as OpenNode
    current = open[open.length - 1]
    if (current === undefined) root = closed
    else if (current.children === noChildren) current.children = [closed]
    else current.children.push(closed)
  })
  parser.write(text).close()
  if (root === undefined) throw new Unreadable('no root element')
  return root
}
