import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Server } from '../index.ts'

/** Adds or replaces one profile in ~/.aws/config and ~/.aws/credentials; every other line stays as it is. Returns the directory. */
export async function writeProfile(
  name: string,
  server: Pick<Server, 'endpoint' | 'region' | 'credentials'>,
  awsPath = join(homedir(), '.aws'),
): Promise<string> {
  await mkdir(awsPath, { recursive: true, mode: 0o700 })
  const section = name === 'default' ? 'default' : `profile ${name}`
  await edit(join(awsPath, 'config'), section, [`region = ${server.region}`, `endpoint_url = ${server.endpoint}`])
  await edit(join(awsPath, 'credentials'), name, [
    `aws_access_key_id = ${server.credentials.accessKeyId}`,
    `aws_secret_access_key = ${server.credentials.secretAccessKey}`,
  ])
  return awsPath
}

/** `text` with the section's lines replaced, or the section appended. */
export function withSection(text: string, section: string, lines: readonly string[]): string {
  const all = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  const from = all.findIndex((line) => header(line) === section)
  const replacement = [`[${section}]`, ...lines]
  if (from === -1) return [...all, ...(all.length > 0 && all.at(-1) !== '' ? [''] : []), ...replacement, ''].join('\n')
  const next = all.findIndex((line, at) => at > from && header(line) !== undefined)
  const to = next === -1 ? all.length : next
  const kept = next === -1 ? [] : ['', ...all.slice(to)]
  return [...all.slice(0, from), ...replacement, ...kept, ''].join('\n')
}

function header(line: string): string | undefined {
  return /^\s*\[\s*(.*?)\s*\]/.exec(line)?.[1]
}

async function edit(path: string, section: string, lines: readonly string[]): Promise<void> {
  let text = ''
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const draftPath = `${path}.millrace`
  await writeFile(draftPath, withSection(text, section, lines), { mode: 0o600 })
  await rename(draftPath, path)
}
