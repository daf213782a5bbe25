import type { DependencyEdge, DependencyGraph } from './dependencies.ts'

const ROLE_TYPES: ReadonlySet<string> = new Set(['AWS::IAM::Role', 'AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'])
const BUCKET = 'AWS::S3::Bucket'
const FUNCTION = 'AWS::Lambda::Function'
const PERMISSION = 'AWS::Lambda::Permission'

/** A sentence for every edge of a circle, then where to cut it. */
export function explainCycle(graph: DependencyGraph, cycle: readonly DependencyEdge[]): string {
  const way = cycle.map((edge) => `${edge.from} needs ${edge.to}: ${describe(edge)}.`)
  return [...way, fixOf(graph, cycle)].join('\n')
}

function describe(edge: DependencyEdge): string {
  if (edge.via === 'DependsOn') return 'its DependsOn names it'
  const target = edge.attribute === undefined ? edge.to : `${edge.to}.${edge.attribute}`
  return `${edge.path.join('.')} has ${edge.via} of ${target}`
}

/**
 * The circle that everyone meets who lets a bucket start a function: bucket → permission → function → role → bucket. S3 checks the permission when
 * it stores the notification, so the bucket must come last, and nothing that comes before it may ask for its name.
 */
function fixOf(graph: DependencyGraph, cycle: readonly DependencyEdge[]): string {
  const toBucket = cycle.find((edge) => graph.typeOf(edge.to) === BUCKET && graph.typeOf(edge.from) !== BUCKET)
  if (toBucket === undefined) return genericFix(cycle)
  const { from, to } = toBucket
  const where = `${from}.${toBucket.path.join('.')}`
  const name = `give ${to} a fixed BucketName and write that name there (in an ARN: arn:aws:s3:::the-name) instead of ${toBucket.via}`
  const type = graph.typeOf(from)
  if (ROLE_TYPES.has(type))
    return `To break the circle, change ${where}, the policy that refers to the bucket: ${name}; or let the role have a policy that names no bucket of the template (such as the managed policy AWSLambdaExecute); or use a Connector (AWS::Serverless::Connector), which adds the policy once both exist.`
  if (type === PERMISSION)
    return `To break the circle, change ${where}: leave SourceArn out and say SourceAccount: !Ref AWS::AccountId; or ${name}.`
  if (type === FUNCTION) return `To break the circle, change ${where}: ${name}.`
  return `To break the circle, change ${where}: ${name}; or let ${to} not wait for ${from}.`
}

function genericFix(cycle: readonly DependencyEdge[]): string {
  const wait = cycle.find((edge) => edge.via === 'DependsOn')
  return wait === undefined
    ? 'To break the circle, write a fixed name or ARN in one of these places instead of the reference, or move that part into a resource of its own that refers to both.'
    : `To break the circle, remove the DependsOn of ${wait.from}, or replace one of the references by a fixed name.`
}
