import { zipSync } from 'fflate'

/** A deployment package of the given files, readable by everybody as Lambda wants them. */
export function functionZip(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const entries = Object.entries(files).map(([name, content]) => [
    name,
    [
      typeof content === 'string' ? new TextEncoder().encode(content) : content,
      { os: 3, attrs: (0o100644 << 16) >>> 0 },
    ],
  ])
  return zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0], { level: 1 })
}
