/** Prints the generated pages: docs/settings.md from the settings, docs/compatibility.md from the operation tables. */
import { writeFile } from 'node:fs/promises'
import { settingsPage } from '../src/config.ts'
import { compatibilityPage } from './compatibility-page.ts'

const only = process.argv[2]
const pages: [string, () => string | Promise<string>][] = [
  ['settings', settingsPage],
  ['compatibility', compatibilityPage],
]
for (const [name, print] of pages) {
  if (only !== undefined && only !== name) continue
  await writeFile(new URL(`../docs/${name}.md`, import.meta.url), await print())
  console.log(`docs/${name}.md`)
}
