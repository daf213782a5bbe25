import { AwsError } from '../../protocol/errors.ts'

// The JSON protocol answers 400 to whatever is the client's fault. Codes: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
const refusal = (code: string) => (message: string) => new AwsError(code, 400, message)

export const validation = refusal('ValidationException')
export const invalidFilterKey = refusal('InvalidFilterKey')
export const invalidFilterOption = refusal('InvalidFilterOption')
export const invalidFilterValue = refusal('InvalidFilterValue')
export const invalidKeyId = refusal('InvalidKeyId')
export const patternMismatch = refusal('ParameterPatternMismatchException')
export const invalidPattern = refusal('InvalidAllowedPatternException')
export const typeMismatch = refusal('HierarchyTypeMismatchException')

export const reservedName = (name: string): AwsError =>
  new AwsError('AccessDeniedException', 400, `No access to reserved parameter name: ${name}.`)
export const parameterNotFound = (name: string): AwsError =>
  new AwsError('ParameterNotFound', 400, `Parameter ${name} not found.`)
export const parameterAlreadyExists = (): AwsError =>
  new AwsError(
    'ParameterAlreadyExists',
    400,
    'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
  )
export const tooManyLevels = (levelsMax: number): AwsError =>
  new AwsError(
    'HierarchyLevelLimitExceededException',
    400,
    `A hierarchy can have a maximum of ${levelsMax} levels. Use fewer, and try again.`,
  )
export const parameterLimitExceeded = (max: number, tier: string): AwsError =>
  new AwsError(
    'ParameterLimitExceeded',
    400,
    `You have exceeded the number of ${tier.toLowerCase()} parameters for this account and Region, which is ${max}. Delete one or more parameters and try again.`,
  )
export const versionLimitExceeded = (name: string, version: number, max: number): AwsError =>
  new AwsError(
    'ParameterMaxVersionLimitExceeded',
    400,
    `You attempted to create a new version of ${name} by calling the PutParameter API with the overwrite flag. Version ${version}, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again. A parameter has at most ${max} versions.`,
  )
export const labelLimitExceeded = (max: number): AwsError =>
  new AwsError(
    'ParameterVersionLabelLimitExceeded',
    400,
    `A parameter version can have a maximum of ${max} labels. Move one or more labels to another version and try again.`,
  )
export const versionNotFound = (name: string, version: number): AwsError =>
  new AwsError(
    'ParameterVersionNotFound',
    400,
    `Systems Manager could not find version ${version} of ${name}. Verify the version and try again.`,
  )
export const labelNotFound = (name: string, label: string): AwsError =>
  new AwsError(
    'ParameterVersionNotFound',
    400,
    `Systems Manager could not find label ${label} for parameter ${name}. Verify the label and try again.`,
  )
export const invalidResourceId = (id: string): AwsError =>
  new AwsError(
    'InvalidResourceId',
    400,
    `The resource ID "${id}" is not valid. Verify that you entered the correct ID and try again.`,
  )
export const tooManyTags = (max: number): AwsError =>
  new AwsError('TooManyTagsError', 400, `A resource can have at most ${max} tags.`)

/** Something that AWS has and Millrace does not act on: refused, because ignoring it would be a lie. */
export const unsupported = (what: string): AwsError =>
  new AwsError('NotImplemented', 501, `${what} is not supported by Millrace. Leave it out.`)
