import type { ParameterDeclaration } from '@aws-sdk/client-cloudformation'
import { checkTemplate } from '../../template/check.ts'
import { isTemplateObject } from '../../template/functions.ts'
import { readTemplate } from '../../template/read.ts'
import { type Template, TemplateError, type TemplateObject, type TemplateValue } from '../../template/template.ts'
import { neededCapabilities } from './capabilities.ts'
import { validationError } from './errors.ts'
import { declaredTransforms } from './transforms/transforms.ts'

/** What can be said of a template without deploying it. */
export interface TemplateSummary {
  readonly template: Template
  readonly transforms: readonly string[]
  /** `2010-09-09` */
  readonly version: string | undefined
  readonly capabilities: ReturnType<typeof neededCapabilities>
}

/** Throws ValidationError for a template that is wrong. */
export function summarize(text: string): TemplateSummary {
  try {
    const { value, positionOf } = readTemplate(text)
    const template = checkTemplate(value, positionOf)
    const transforms = declaredTransforms(value)
    const version = isTemplateObject(value) ? scalarText(value['AWSTemplateFormatVersion']) : undefined
    return { template, transforms, version, capabilities: neededCapabilities(template, transforms.length > 0) }
  } catch (error) {
    if (error instanceof TemplateError) throw validationError(error.message)
    throw error
  }
}

/** As GetTemplateSummary answers them. */
export function parameterDeclarations({ Parameters = {} }: Template): ParameterDeclaration[] {
  return Object.entries(Parameters).map(([name, declared]) => ({
    ParameterKey: name,
    DefaultValue: scalarText(declared['Default']),
    ParameterType: scalarText(declared['Type']),
    NoEcho: isNoEcho(declared),
    Description: scalarText(declared['Description']),
    ParameterConstraints: Array.isArray(declared['AllowedValues'])
      ? {
          AllowedValues: (declared['AllowedValues'] as readonly TemplateValue[]).map(
            (value) => scalarText(value) ?? '',
          ),
        }
      : {},
  }))
}

export function isNoEcho({ NoEcho }: TemplateObject): boolean {
  return NoEcho === true || NoEcho === 'true'
}

/** Numbers and booleans as the text that they stand for. */
export function scalarText(value: TemplateValue | undefined): string | undefined {
  return value === undefined || value === null || typeof value === 'object' ? undefined : String(value)
}
