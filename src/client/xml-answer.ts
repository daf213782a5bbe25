import { SaxesParser } from 'saxes'

/** An element of an answer. Names are without their namespaces. */
export class XmlElement {
  readonly name: string
  readonly children: XmlElement[] = []
  content = ''

  constructor(name: string) {
    this.name = name
  }

  child(name: string): XmlElement | undefined {
    return this.children.find((element) => element.name === name)
  }

  /** The text of a child; undefined when there is none. */
  text(name: string): string | undefined {
    return this.child(name)?.content
  }

  /** The `member` elements of a list; none when the list is absent. */
  members(name: string): readonly XmlElement[] {
    return this.child(name)?.children ?? []
  }
}

/** Reads the XML of query services and S3. Throws when it is none. Returns the root element. */
export function readXml(text: string): XmlElement {
  const document = new XmlElement('')
  const open = [document]
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name }) => {
    const element = new XmlElement(name.slice(name.indexOf(':') + 1))
    open.at(-1)?.children.push(element)
    open.push(element)
  })
  parser.on('text', (content) => {
    const element = open.at(-1)
    if (element !== undefined) element.content += content
  })
  parser.on('closetag', () => void open.pop())
  parser.write(text).close()
  const [root] = document.children
  if (root === undefined) throw new Error('an XML document without an element')
  return root
}
