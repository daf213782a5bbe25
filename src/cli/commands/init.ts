import { cp, readdir, writeFile } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VERSION } from '../../version.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { styled, tell } from '../output.ts'

const PROJECT = fileURLToPath(new URL('../project', import.meta.url))
const OWN_FOLDER = fileURLToPath(new URL('../../..', import.meta.url))

/** Writes the thumbnail application: a SAM template, a function, an event to try it with, and tests. The folder may not have files. */
export async function init(folder = 'thumbnails'): Promise<void> {
  const target = resolve(folder)
  const there = await readdir(target).catch(() => [])
  if (there.length > 0) {
    throw new CliError(`${folder} is not empty`, { fix: 'Name another folder.', exitCode: EXIT.usage })
  }
  await cp(PROJECT, target, { recursive: true })
  await writeFile(join(target, '.gitignore'), 'node_modules/\n.millrace/\n')
  await writeFile(join(target, 'package.json'), `${JSON.stringify(manifest(basename(target)), null, 2)}\n`)
  const shown = relative('.', target) || '.'
  tell(`${styled('green', 'written')} ${shown}`)
  tell(`  next:  cd ${shown} && npm install && npm install --prefix thumbnail`)
  tell(`  then:  millrace deploy --watch      (with a server: millrace start)`)
  tell('  tests: npm test')
}

function manifest(name: string): object {
  return {
    name,
    private: true,
    type: 'module',
    scripts: { test: 'node --test test/*.test.mjs', deploy: 'millrace deploy' },
    devDependencies: {
      '@aws-sdk/client-s3': '^3.1175.0',
      '@aws-sdk/client-sqs': '^3.1175.0',
      // From a checkout of the sources, that checkout.
      millrace: process.argv[1]?.endsWith('.ts') ? `file:${OWN_FOLDER}` : `^${VERSION}`,
    },
  }
}
