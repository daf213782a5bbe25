import type { TemplateValue } from '../template.ts'

/** What the transform knows of the world around the template. */
export interface SamContext {
  readonly region: string
  /** `aws` here; written into the ARNs of managed policies. */
  readonly partition: string
  /** Values of the template's parameters as the deployer gave them; defaults of the template fill in the rest. */
  readonly parameters: Readonly<Record<string, TemplateValue>>
  /** The ARN of one of AWS's managed policies by its name, as in `Policies: AmazonS3ReadOnlyAccess`; undefined: the name stays as it is. */
  readonly managedPolicyArn: (name: string) => string | undefined
}
