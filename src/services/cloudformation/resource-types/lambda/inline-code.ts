import { zipSync } from 'fflate'
import { CFN_RESPONSE_JS, CFN_RESPONSE_PY } from './response-modules.ts'

const FILE_MODE = 0o100644
/** The earliest moment that a zip can tell: the same text always makes the same package. */
const MODIFIED = new Date(1980, 0, 1)

/** Whether the code of this runtime may stand in a template. */
export function isInlineRuntime(runtime: string): boolean {
  return runtime.startsWith('nodejs') || runtime.startsWith('python')
}

/**
 * The package of code that stands in a template: `index.js` or `index.py`, and beside it the module with which a function answers for a custom
 * resource. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
 */
export function inlinePackage(runtime: string, text: string): Uint8Array {
  const files = runtime.startsWith('python')
    ? { 'index.py': text, 'cfnresponse.py': CFN_RESPONSE_PY }
    : { 'index.js': text, 'cfn-response.js': CFN_RESPONSE_JS }
  const entries = Object.entries(files).map(([name, content]) => [
    name,
    [new TextEncoder().encode(content), { os: 3, attrs: (FILE_MODE << 16) >>> 0, mtime: MODIFIED }] as const,
  ])
  return zipSync(Object.fromEntries(entries) as unknown as Parameters<typeof zipSync>[0])
}
