import { transact } from '../../../store/transaction.ts'
import { parameterGrant } from '../access.ts'
import { requireCount, requireLength } from '../constraints.ts'
import { labelLimitExceeded, versionNotFound } from '../errors.ts'
import type { SsmOperation } from '../model.ts'
import { parameterKey, parseReference } from '../names.ts'
import { requireParameter } from '../parameters.ts'
import { type ParameterRow, parameters } from '../tables.ts'

// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_LabelParameterVersion.html
const LABEL_COUNT_MAX = 10
const LABEL_CHARACTERS_MAX = 100

/** Moves labels to a version, from wherever they were. */
export const LabelParameterVersion: SsmOperation<'LabelParameterVersion'> = {
  async authorize(call, ssm) {
    return [await parameterGrant(call, ssm, 'LabelParameterVersion', call.input.Name)]
  },
  handle(call, ssm) {
    const { Labels, ParameterVersion } = call.input
    checkLabels(Labels)
    const ref = parseReference(call, call.input.Name)
    return transact(ssm.store, async (tx) => {
      const { name, row } = await requireParameter(tx, call, ref)
      const version = requireKept(name, row, ParameterVersion ?? row.version)
      const labels = { ...row.labels }
      for (const label of Labels.filter(isLabel)) labels[label] = version
      if (labelsOf(labels, version).length > LABEL_COUNT_MAX) throw labelLimitExceeded(LABEL_COUNT_MAX)
      parameters.put(tx, parameterKey(call, name), { ...row, labels })
      return { InvalidLabels: Labels.filter((label) => !isLabel(label)), ParameterVersion: version }
    })
  },
}

export const UnlabelParameterVersion: SsmOperation<'UnlabelParameterVersion'> = {
  async authorize(call, ssm) {
    return [await parameterGrant(call, ssm, 'UnlabelParameterVersion', call.input.Name)]
  },
  handle(call, ssm) {
    const { Labels, ParameterVersion } = call.input
    checkLabels(Labels)
    const ref = parseReference(call, call.input.Name)
    return transact(ssm.store, async (tx) => {
      const { name, row } = await requireParameter(tx, call, ref)
      const version = requireKept(name, row, ParameterVersion)
      const attached = labelsOf(row.labels, version)
      const RemovedLabels = Labels.filter((label) => attached.includes(label))
      const labels = Object.fromEntries(Object.entries(row.labels).filter(([label]) => !RemovedLabels.includes(label)))
      parameters.put(tx, parameterKey(call, name), { ...row, labels })
      return { RemovedLabels, InvalidLabels: Labels.filter((label) => !attached.includes(label)) }
    })
  },
}

/** The labels of a version, in the order in which they came. */
export function labelsOf(labels: ParameterRow['labels'], version: number): string[] {
  return Object.keys(labels).filter((label) => labels[label] === version)
}

function checkLabels(labels: readonly string[]): void {
  requireCount('labels', labels, 1, LABEL_COUNT_MAX)
  for (const label of labels) requireLength('labels', label, 1, LABEL_CHARACTERS_MAX)
}

function isLabel(label: string): boolean {
  return /^[A-Za-z_.-][\w.-]*$/.test(label) && !/^(aws|ssm)/i.test(label)
}

function requireKept(name: string, { version, oldest }: ParameterRow, wanted: number): number {
  if (!Number.isInteger(wanted) || wanted < oldest || wanted > version) throw versionNotFound(name, wanted)
  return wanted
}
