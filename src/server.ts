import { join } from 'node:path'
import { accessDenied } from './auth/access-denied.ts'
import { createAuthenticatorSoon } from './auth/authenticate.ts'
import { type AuthorizerOptions, createAuthorizer } from './auth/authorize.ts'
import type { IdentityPolicyLookup } from './auth/doors.ts'
import type { ServerConfig } from './config.ts'
import { createEndpoints } from './console/endpoints.ts'
import { announce, leaveCredentials, type RootCredentials, withdrawAnnouncement } from './data-directory.ts'
import type { Target, Trace } from './delivery/delivery.ts'
import { createDelivery } from './delivery/outbox.ts'
import type { WaitingDelivery } from './delivery/waiting.ts'
import { createDeployment } from './deployment.ts'
import { createExecutor } from './execution/executor.ts'
import type { Executor } from './execution/execution.ts'
import { printable } from './http/address.ts'
import { Listener, type ListenerOptions } from './http/listener.ts'
import { openSecureDoor } from './http/secure-door.ts'
import { createLog, type Log } from './log.ts'
import { createLoops } from './loops.ts'
import { endpointsOf, loadOperations, roomsOf } from './operation-tables.ts'
import type { Caller } from './protocol/caller.ts'
import type { Grant, HttpInfo } from './protocol/operation.ts'
import { createPipeline, type Pipeline } from './protocol/pipeline.ts'
import { serviceNames } from './protocol/services.ts'
import { createQueue } from './queue/queue.ts'
import type { CallDoor } from './services/door.ts'
import { CloudWatch } from './services/cloudwatch/service.ts'
import { EVENTS_PRINCIPAL } from './services/events/router.ts'
import { Events } from './services/events/service.ts'
import { roleCaller, rolePermission } from './services/iam/role-permission.ts'
import { Iam } from './services/iam/service.ts'
import type { ParcelJob } from './services/lambda/destinations/parcel.ts'
import type { Invocation } from './services/lambda/invoke/invocation.ts'
import { Lambda } from './services/lambda/service.ts'
import { FunctionUrls } from './services/lambda/urls/function-urls.ts'
import { Logs } from './services/logs/service.ts'
import { crossOriginHeaders } from './services/s3/cors/preflight.ts'
import { verifyDocument } from './services/s3/integrity.ts'
import { canonicalUserId } from './services/s3/owners.ts'
import { S3 } from './services/s3/service.ts'
import { Websites } from './services/s3/website/endpoint.ts'
import { Scheduler } from './services/scheduler/service.ts'
import type { OwedInvocation } from './services/scheduler/tables.ts'
import { Sns } from './services/sns/service.ts'
import type { OwedMessage } from './services/sns/tables.ts'
import { Sqs } from './services/sqs/service.ts'
import { Ssm } from './services/ssm/service.ts'
import { Sts } from './services/sts/service.ts'
import { type Clock, systemClock } from './std/clock.ts'
import { DisposeStack } from './std/dispose-stack.ts'
import { uuid } from './std/ids.ts'
import { statusOf } from './server-status.ts'
import { openStorage } from './storage.ts'
import { translateFailure } from './translate-failure.ts'
import { upkeepOf } from './upkeep.ts'
import { VERSION } from './version.ts'
import { startWorker } from './worker-loop.ts'

export interface Server extends AsyncDisposable {
  /** `http://127.0.0.1:4566`: what clients take as `endpoint`. */
  readonly endpoint: string
  /** The HTTPS endpoint, where one is configured. */
  readonly secureEndpoint: string | null
  readonly region: string
  readonly accountId: string
  /** The account's root. */
  readonly credentials: RootCredentials
  readonly isolation: Executor['isolation']
  /** The story of the events of a subject (`s3://bucket/key`), newest first; of all when undefined. */
  traces(subject: string | undefined, limit: number): Promise<readonly Trace[]>
  /** Ends gracefully: what has begun may end within the grace of the settings. */
  stop(): Promise<void>
}

/** What a test may bring along. */
export interface ServerParts {
  readonly clock?: Clock
}

const LEASE_MS = 60_000
/** Requests to function URLs are signed for Lambda, or not at all. */
const FUNCTION_URL_SIGNING = { signingName: 'lambda', style: 'json', allowsAnonymous: true } as const

/** Opens the house room by room, in the order of this file, and closes it in reverse. */
export async function startServer(config: ServerConfig, parts: ServerParts = {}): Promise<Server> {
  const opened = new DisposeStack()
  try {
    return await open(config, parts, opened)
  } catch (error) {
    await opened[Symbol.asyncDispose]()
    throw error
  }
}

async function open(config: ServerConfig, { clock = systemClock }: ServerParts, opened: DisposeStack): Promise<Server> {
  const { accountId, region, eventVersion } = config
  const startedMs = clock.now()
  const log = createLog(config.logLevel)
  const onFailure = (worker: string) => (error: unknown) => log.error('worker.failed', { worker, error })

  // Everything durable.
  const storage = await openStorage(config, clock, opened)
  const { store, blobs } = storage

  // Work that outlives the process. One process owns an embedded store, so leases of another owner are of a dead one.
  const queueOptions = { clock, owner: uuid(), leaseMs: LEASE_MS, isExclusive: true }
  const invocations = createQueue<Invocation>(store, { ...queueOptions, name: 'invocations', takesStock: true })
  const deliveryJobs = createQueue<WaitingDelivery>(store, { ...queueOptions, name: 'deliveries' })
  const notificationJobs = createQueue<OwedMessage>(store, { ...queueOptions, name: 'notifications' })
  const destinationJobs = createQueue<ParcelJob>(store, { ...queueOptions, name: 'destinations' })
  const scheduleJobs = createQueue<OwedInvocation>(store, { ...queueOptions, name: 'schedules' })

  // Who is who, and who may do what. Policies of resources are asked of the services, which come below.
  const iam = new Iam({ store, clock, accountId, masterKey: storage.masterKey })
  const credentials = await iam.ensureRoot(config.rootCredentials)
  if (storage.dataPath !== null) await leaveCredentials(storage.dataPath, credentials)
  const resourcePolicies: AuthorizerOptions['resourcePolicies'] = {
    s3: (arn, grant) => s3.resourcePolicy(arn, grant),
    lambda: (arn) => lambda.resourcePolicy(arn),
    events: (arn) => events.resourcePolicy(arn),
    sqs: (arn) => sqs.resourcePolicy(arn),
    sns: (arn) => sns.resourcePolicy(arn),
    sts: iam.trustPolicy,
  }
  const authorizerWith = (identityPolicies: IdentityPolicyLookup) =>
    createAuthorizer({ accountId, canonicalUserId, identityPolicies, resourcePolicies })
  const authorizer = authorizerWith(iam.identityPolicies)

  // How one service calls another: through the pipeline, which comes below.
  const call = ((service, operation, input, as, options) =>
    pipeline.call(service, operation, input, as, options)) as CallDoor

  const asRole = roleCaller(iam, 'scheduler.amazonaws.com')
  const scheduler = new Scheduler({
    store,
    clock,
    call,
    asRole,
    queue: scheduleJobs,
    onFailure: onFailure('schedules'),
  })
  const ssm = new Ssm({ store, clock, masterKey: storage.masterKey })
  const logs = opened.use(new Logs({ store, clock, accountId, region, call, onFailure: onFailure('logs') }))
  const cloudwatch = opened.use(new CloudWatch({ store, clock, onFailure: onFailure('metrics') }))

  // What services ask of each other, and what addresses in their answers begin with: a client's own name for this one, which it can reach.
  const authorize = (caller: Caller, grant: Grant, http?: HttpInfo) =>
    authorizer.decide(caller, grant, http, clock.now(), region)
  const origin = (http: HttpInfo | undefined) => (http === undefined ? endpoint : `http://${http.host}`)

  // Queues and topics.
  const sqs = new Sqs({ store, clock, authorize, origin, isExclusive: queueOptions.isExclusive })
  const sns = new Sns({
    store,
    clock,
    authorize,
    origin,
    queue: notificationJobs,
    targets: () => targets,
    onFailure: onFailure('notifications'),
  })

  // Functions.
  const executor = opened.use(
    await createExecutor({
      clock,
      directory: join(storage.workPath, 'environments'),
      isolation: config.isolation,
      environmentsMax: config.environmentsMax,
      prestartedMax: config.prestartedMax,
      endpointUrl: () => endpoint,
      onEndpointConnection: (socket) => listener.accept(socket),
    }),
  )
  const lambda = new Lambda({
    store,
    destinationQueue: destinationJobs,
    urlOf: (hostBegin) => `http://${hostBegin}.${config.domains[0] ?? 'localhost'}:${new URL(endpoint).port}/`,
    destinationTargets: () => targets,
    blobs,
    clock,
    executor,
    queue: invocations,
    call,
    codePath: join(storage.workPath, 'code'),
    credentialsFor: (...role) => iam.credentialsFor(...role),
    canAssume: (...role) => iam.canAssume(...role),
    isPrincipal: (arn) => iam.isPrincipal(arn),
    openLog: (...stream) => logs.openLog(...stream),
    authorize,
    // More could only wait inside of the executor.
    eventsInFlightMax: config.environmentsMax,
    origin,
    onMetric: cloudwatch.recordLambda,
    onFailure: onFailure('invoker'),
  })

  // Events, and what raises them. Who takes them does so in the commit of the change that they report.
  const targets: Target[] = [lambda.target, sqs.target, sns.target]
  const delivery = createDelivery({
    store,
    clock,
    queue: deliveryJobs,
    targets,
    onFailure: onFailure('dispatcher'),
  })
  const events = new Events({
    store,
    clock,
    deliveries: delivery,
    authorize,
    mayAsRole: rolePermission(iam, EVENTS_PRINCIPAL, authorize),
  })
  targets.push(events.target)
  const loops = createLoops({
    store,
    clock,
    region,
    iam,
    lambda,
    authorize,
    authorizerWith,
    log,
    traces: delivery.traces,
    isStrict: config.strictLoops,
  })
  const s3 = new S3({ store, blobs, clock, loops: loops.watch, deliveries: delivery, accessDenied, call, eventVersion })

  // Stacks, which are made of all of these.
  const deployment = createDeployment({
    store,
    clock,
    iam,
    call,
    queue: queueOptions,
    origin: () => endpoint,
    domains: config.domains,
    onFailure: onFailure('stacks'),
    onBug: (error, path) => log.error('bug', { path, error }),
  })

  // Every call of every service.
  const authenticate = createAuthenticatorSoon({ lookup: iam.credentialLookup, clock })
  const pipeline: Pipeline = createPipeline({
    accountId,
    region,
    clock,
    endpoints: endpointsOf({
      s3: {
        service: s3,
        verifyBody: verifyDocument,
        crossOriginHeaders: (request, { Bucket }) => crossOriginHeaders(s3, request, Bucket),
        onReply: s3.accessLog.note,
      },
      lambda: { service: lambda, guards: loops.guards.lambda },
      iam: { service: iam, guards: loops.guards.iam },
      ...roomsOf({ sts: new Sts({ accountId, iam }), logs, cloudwatch, events, sqs, sns, scheduler, ssm }),
      cloudformation: deployment.room,
    }),
    authenticate,
    decide: authorizer.decideSoon,
    accessDenied,
    translate: translateFailure,
    onBug: (error, where) => log.error('bug', { ...where, error }),
    ...(log.isInfo && { onCall: (record) => log.info('call', { ...record }) }),
  })
  const endpoints = createEndpoints({
    accountId,
    region,
    version: VERSION,
    services: serviceNames(),
    authorize: (request, grant) => pipeline.authorizeRequest(request, grant),
    status: async () => ({
      ...statusOf(config, executor, startedMs),
      queues: { invocations: await invocations.depth(), deliveries: await deliveryJobs.depth() },
    }),
    traces: loops.traces,
    code: (target) => lambda.links.open(target),
    notificationLink: (target) => sns.links.open(target),
    onBug: (error, path) => log.error('bug', { path, error }),
  })

  const functionUrls = new FunctionUrls(lambda, {
    identify: async (request) => authenticate(request, request.body, FUNCTION_URL_SIGNING),
    onBug: (error, path) => log.error('bug', { path, error }),
  })

  const websites = new Websites(s3, {
    read: (request) => pipeline.handle(request),
    onBug: (error, path) => log.error('bug', { path, error }),
  })

  // The doors to the street.
  const door: Omit<ListenerOptions, 'port'> = {
    host: config.host,
    limits: config,
    clock,
    domains: config.domains,
    secureLoopback: config.secureLoopback,
    handle: (request) =>
      functionUrls.handle(request) ??
      websites.handle(request) ??
      deployment.answer(request) ??
      endpoints(request) ??
      pipeline.handle(request),
    onBrokenReply: (error, target) => log.error('reply.broken', { target, error }),
  }
  const listener = opened.use(await Listener.start({ ...door, port: config.port }))
  const secure =
    config.tls === null
      ? undefined
      : await openSecureDoor(config.tls, door, join(storage.dataPath ?? storage.workPath, 'tls'))
  if (secure !== undefined) opened.use(secure.listener)
  const endpoint = `http://${printable(config.host)}:${listener.port}`
  if (storage.dataPath !== null) {
    const { dataPath } = storage
    await announce(dataPath, {
      endpoint,
      region,
      accountId,
      pid: process.pid,
      ...(secure && { secureEndpoint: secure.endpoint, certificatePath: secure.certificatePath }),
    })
    opened.defer(() => withdrawAnnouncement(dataPath))
  }

  // Work that waits for nobody to ask.
  executor.startAhead()
  for (const { worker } of [lambda.invoker, lambda.destinations, delivery.dispatcher, scheduler, sns.deliverer]) {
    worker.start()
    opened.defer(() => worker.stop(config.stopGraceMs))
  }
  opened.defer(() => deployment.stop(config.stopGraceMs))
  for (const [name, worker] of upkeepOf({
    store,
    blobs,
    clock,
    s3,
    lambda,
    events,
    scheduler,
    sqs,
    sns,
    cloudwatch,
    delivery,
  })) {
    opened.use(startWorker(worker, clock, onFailure(name)))
  }
  // First to be closed: no new requests, and those in progress may end while all the rest still works.
  opened.defer(() => listener.stop(config.stopGraceMs))
  if (secure !== undefined) opened.defer(() => secure.listener.stop(config.stopGraceMs))
  // Nobody waits for messages then.
  opened.defer(() => sqs[Symbol.dispose]())
  // Before the queues stop, because it waits at them.
  lambda.eventSources.start()
  opened.defer(() => lambda.eventSources.stop())
  lambda.provisioner.start()
  opened.defer(() => lambda.provisioner.stop())
  // After whoever started us has said so. A stop waits for it: nothing of a server goes on when it has stopped.
  const loaded = new Promise<void>((resolve) => {
    setImmediate(() => void loadOperations().then(deployment.start).catch(onFailure('loader')).finally(resolve))
  })
  opened.defer(() => loaded)
  log.info('server.started', { endpoint, storage: config.storage.kind, isolation: executor.isolation.kind })

  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= close(opened, log)
    return stopped
  }
  return {
    endpoint,
    secureEndpoint: secure?.endpoint ?? null,
    region,
    accountId,
    credentials,
    isolation: executor.isolation,
    traces: loops.traces,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function close(opened: DisposeStack, log: Log): Promise<void> {
  log.info('server.stopping', {})
  await opened[Symbol.asyncDispose]()
  log.info('server.stopped', {})
}
