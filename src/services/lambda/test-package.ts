import { zipSync } from 'fflate'

export interface TestFile {
  readonly content: string
  /** Full Unix mode with type; absent: 0100644. */
  readonly mode?: number
  /** 3 = Unix, 0 = DOS: the mode is then not stored. */
  readonly madeBy?: number
}

/** A deployment package for tests, with exactly the names and modes given. */
export function testPackage(
  files: Readonly<Record<string, string | TestFile>> = { 'index.mjs': 'export const handler = (e) => e' },
) {
  const entries = Object.entries(files).map(([name, file]) => {
    const { content, mode = 0o100644, madeBy = 3 }: TestFile = typeof file === 'string' ? { content: file } : file
    return [name, [Buffer.from(content), { os: madeBy, attrs: (mode << 16) >>> 0 }]] as const
  })
  return zipSync(Object.fromEntries(entries) as unknown as Parameters<typeof zipSync>[0], { level: 1 })
}
