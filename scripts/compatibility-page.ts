import { operationsOf } from '../src/operation-tables.ts'
import { supportedProperties, supportedTypes } from '../src/services/cloudformation/resource-types/registry.ts'
import { NotImplemented } from '../src/protocol/operation.ts'
import { loadService, serviceNames } from '../src/protocol/services.ts'

/** `docs/compatibility.md`: which operations work, service by service. Everything else answers 501 in the service's own format. */
export async function compatibilityPage(): Promise<string> {
  const services = await Promise.all(
    serviceNames().map(async (service) => {
      const table = await operationsOf(service)
      const names = loadService(service).operationNames.toSorted()
      const done = names.filter((name) => (table[name] ?? NotImplemented) !== NotImplemented)
      return { service, names, done }
    }),
  )
  return [
    '# Compatibility',
    '',
    'Printed from the tables of operations and resource types by `npm run compatibility`; a test compares. What is listed as working refuses members it does not',
    'support. Every other operation answers 501 `NotImplemented` in the format of its service.',
    '',
    '| service | working | of |',
    '|---|---|---|',
    ...services.map(({ service, names, done }) => `| ${service} | ${done.length} | ${names.length} |`),
    ...services.flatMap(({ service, names, done }) => [
      '',
      `## ${service}`,
      '',
      ...(done.length === 0 ? ['Nothing yet.'] : [wrapped('Working', done), '']),
      ...(done.length === 0
        ? []
        : [
            wrapped(
              'Answers 501',
              names.filter((name) => !done.includes(name)),
            ),
          ]),
    ]),
    ...resourceTypes(),
    '',
  ].join('\n')
}

/** What templates may have. */
function resourceTypes(): string[] {
  return [
    '',
    '## Resource types of stacks',
    '',
    'Templates with other types, or with other properties than these, are refused before anything is touched.',
    '',
    '| type | properties |',
    '|---|---|',
    ...supportedTypes().map((name) => {
      const properties = supportedProperties(name)
      return `| ${name} | ${properties === null ? 'any' : properties.toSorted().join(', ')} |`
    }),
    '| Custom::* | any |',
  ]
}

function wrapped(label: string, names: readonly string[]): string {
  return `**${label}:** ${names.length === 0 ? 'none' : names.join(', ')}`
}
