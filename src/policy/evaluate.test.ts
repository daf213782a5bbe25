import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { parsePolicy } from './parse.ts'
import type { NamedPolicy } from './document.ts'
import type { PolicyRequest, Principal } from './request.ts'

const A = '111122223333'
const B = '444455556666'
const F = `arn:aws:lambda:us-east-1:${A}:function:F`

const bob: Principal = { kind: 'user', accountId: A, arn: `arn:aws:iam::${A}:user/team/bob` }
const eveOfB: Principal = { kind: 'user', accountId: B, arn: `arn:aws:iam::${B}:user/eve` }
const root: Principal = { kind: 'root', accountId: A }
const rootOfB: Principal = { kind: 'root', accountId: B }
const session: Principal = {
  kind: 'role',
  accountId: A,
  roleArn: `arn:aws:iam::${A}:role/path/r`,
  sessionArn: `arn:aws:sts::${A}:assumed-role/r/F`,
}
const s3: Principal = { kind: 'service', name: 's3.amazonaws.com' }
const lambda: Principal = { kind: 'service', name: 'lambda.amazonaws.com' }
const nobody: Principal = { kind: 'anonymous' }

type Json = Record<string, unknown>
interface Row {
  /** Test case of the specification this row covers. */
  id?: string
  who: Principal
  /** Statements of each policy; the version is 2012-10-17 unless given. */
  identity?: Json[]
  boundary?: Json[]
  session?: Json[]
  resource?: Json[]
  trust?: Json[]
  version?: '2008-10-17' | '2012-10-17'
  does: string
  to: string
  owner?: string
  given?: Record<string, string | readonly string[]>
  restrictPublic?: boolean
  /** `allowed`, or the reason of the refusal. */
  verdict: string
}

const allow = (action: string | string[], resource: string | string[] = '*', condition?: Json): Json => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...(condition && { Condition: condition }),
})
const deny = (action: string, resource = '*', condition?: Json): Json => ({
  ...allow(action, resource, condition),
  Effect: 'Deny',
})
const to = (principal: unknown, statement: Json): Json => ({ ...statement, Principal: principal })
const trusts = (principal: unknown, condition?: Json, action = 'sts:AssumeRole'): Json => ({
  Effect: 'Allow',
  Principal: principal,
  Action: action,
  ...(condition && { Condition: condition }),
})

const noIdentity = (action: string) => ` because no identity-based policy allows the ${action} action`
const noBoundary = (action: string) => ` because no permissions boundary allows the ${action} action`
const noSession = (action: string) => ` because no session policy allows the ${action} action`
const noResource = (action: string) => ` because no resource-based policy allows the ${action} action`
const denied = (kind: string) => ` with an explicit deny in ${kind}`

const object = 'arn:aws:s3:::b/k'
const bucket = 'arn:aws:s3:::b'
const role = `arn:aws:iam::${A}:role/path/r`

function requestOf(row: Row): PolicyRequest {
  const named = (
    name: string,
    statements: Json[] | undefined,
    kind: 'identity' | 'resource' | 'trust',
  ): NamedPolicy[] =>
    statements === undefined
      ? []
      : [
          {
            name,
            document: parsePolicy(
              JSON.stringify({ Version: row.version ?? '2012-10-17', Statement: statements }),
              kind,
            ),
          },
        ]
  const given = new Map(Object.entries(row.given ?? {}).map(([key, value]) => [key.toLowerCase(), value]))
  const [resourcePolicy] = row.trust ? named(row.to, row.trust, 'trust') : named(row.to, row.resource, 'resource')
  return {
    principal: row.who,
    action: row.does,
    resource: row.to,
    resourceAccountId: row.owner ?? A,
    context: (key) => given.get(key),
    identity: named('inline', row.identity, 'identity'),
    boundary: named(`arn:aws:iam::${A}:policy/cap`, row.boundary, 'identity')[0],
    session: named('session', row.session, 'identity'),
    resourcePolicy,
    isTrustPolicy: row.trust !== undefined,
    restrictPublic: row.restrictPublic ?? false,
  }
}

function table(title: string, rows: Record<string, Row>): void {
  describe(title, () => {
    for (const [sentence, row] of Object.entries(rows)) {
      it(row.id === undefined ? sentence : `${sentence} (${row.id})`, () => {
        const verdict = evaluate(requestOf(row))
        expect(verdict.allowed ? 'allowed' : verdict.reason).toBe(row.verdict)
        expect(verdict.statements.length).toBeGreaterThan(0)
      })
    }
  })
}

const homes = allow('s3:ListBucket', bucket, { StringLike: { 's3:prefix': 'home/${aws:username}/*' } })
const bobs = { 'aws:username': 'bob' }
const encrypted = { 's3:x-amz-server-side-encryption': 'aws:kms' }

table('a user in its own account', {
  'may do nothing without a policy': {
    who: bob,
    does: 's3:GetObject',
    to: object,
    verdict: noIdentity('s3:GetObject'),
  },
  'may do what an identity policy allows': {
    who: bob,
    identity: [allow('s3:GetObject', 'arn:aws:s3:::b/*')],
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'is stopped by an explicit deny beside a broad allow': {
    id: 'T106',
    who: bob,
    identity: [allow('s3:*'), deny('s3:DeleteObject', 'arn:aws:s3:::b/*')],
    does: 's3:DeleteObject',
    to: object,
    verdict: denied('an identity-based policy'),
  },
  'may use an action that the policy writes in lower case': {
    id: 'T107',
    who: bob,
    identity: [allow('s3:getobject')],
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'may not read an object when the policy names only the bucket': {
    id: 'T108',
    who: bob,
    identity: [allow('s3:GetObject', bucket)],
    does: 's3:GetObject',
    to: object,
    verdict: noIdentity('s3:GetObject'),
  },
  'may do everything but IAM under NotAction iam:*': {
    id: 'T115',
    who: bob,
    identity: [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }],
    does: 'lambda:ListFunctions',
    to: '*',
    verdict: 'allowed',
  },
  'may not do IAM under NotAction iam:*': {
    id: 'T115',
    who: bob,
    identity: [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }],
    does: 'iam:ListRoles',
    to: '*',
    verdict: noIdentity('iam:ListRoles'),
  },
  'may touch every resource but the one NotResource names': {
    who: bob,
    identity: [{ Effect: 'Allow', Action: 's3:*', NotResource: 'arn:aws:s3:::secret/*' }],
    does: 's3:GetObject',
    to: 'arn:aws:s3:::secret/k',
    verdict: noIdentity('s3:GetObject'),
  },
  'gains nothing from an Allow whose NotResource cannot be resolved': {
    who: bob,
    identity: [{ Effect: 'Allow', Action: 's3:*', NotResource: 'arn:aws:s3:::${aws:PrincipalTag/team}/*' }],
    does: 's3:GetObject',
    to: object,
    verdict: noIdentity('s3:GetObject'),
  },
  'may invoke an unqualified function but not its version when the policy names only the function': {
    id: 'T121',
    who: bob,
    identity: [allow('lambda:InvokeFunction', F)],
    does: 'lambda:InvokeFunction',
    to: `${F}:1`,
    verdict: noIdentity('lambda:InvokeFunction'),
  },
  'may invoke any version under FARN:*': {
    who: bob,
    identity: [allow('lambda:InvokeFunction', `${F}:*`)],
    does: 'lambda:InvokeFunction',
    to: `${F}:1`,
    verdict: 'allowed',
  },
  'may not invoke the unqualified function under FARN:*': {
    who: bob,
    identity: [allow('lambda:InvokeFunction', `${F}:*`)],
    does: 'lambda:InvokeFunction',
    to: F,
    verdict: noIdentity('lambda:InvokeFunction'),
  },
  'may always ask who it is, denied or not': {
    who: bob,
    identity: [deny('sts:*')],
    does: 'sts:GetCallerIdentity',
    to: '*',
    verdict: 'allowed',
  },
})

table('permissions boundaries and session policies', {
  'a boundary caps the identity policies': {
    id: 'T116',
    who: bob,
    boundary: [allow('s3:*')],
    identity: [allow('lambda:*')],
    does: 'lambda:ListFunctions',
    to: '*',
    verdict: noBoundary('lambda:ListFunctions'),
  },
  'a boundary grants nothing': {
    who: bob,
    boundary: [allow('*')],
    does: 's3:GetObject',
    to: object,
    verdict: noIdentity('s3:GetObject'),
  },
  'a session policy caps the role': {
    who: session,
    session: [allow('s3:GetObject')],
    identity: [allow('s3:*')],
    does: 's3:PutObject',
    to: object,
    verdict: noSession('s3:PutObject'),
  },
  'a session policy that allows leaves the role its permission': {
    who: session,
    session: [allow('s3:PutObject')],
    identity: [allow('s3:*')],
    does: 's3:PutObject',
    to: object,
    verdict: 'allowed',
  },
  'a deny in a boundary is final, and a managed policy is named': {
    who: bob,
    boundary: [allow('*'), deny('s3:GetObject')],
    identity: [allow('s3:*')],
    does: 's3:GetObject',
    to: object,
    verdict: `${denied('a permissions boundary')}: arn:aws:iam::${A}:policy/cap`,
  },
  'a deny in a session policy is final': {
    who: session,
    session: [allow('*'), deny('s3:GetObject')],
    identity: [allow('s3:*')],
    does: 's3:GetObject',
    to: object,
    verdict: denied('a session policy'),
  },
  'a bucket policy that names the user grants past its boundary': {
    who: bob,
    boundary: [allow('lambda:*')],
    resource: [to({ AWS: `arn:aws:iam::${A}:user/team/bob` }, allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'a bucket policy that names the session grants past the session policy': {
    who: session,
    session: [allow('lambda:*')],
    resource: [to({ AWS: `arn:aws:sts::${A}:assumed-role/r/F` }, allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'a bucket policy that names the role is still capped by the session policy': {
    who: session,
    session: [allow('lambda:*')],
    resource: [to({ AWS: role }, allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    does: 's3:GetObject',
    to: object,
    verdict: noSession('s3:GetObject'),
  },
  'a bucket policy that names the role is still capped by the boundary': {
    who: session,
    boundary: [allow('lambda:*')],
    resource: [to({ AWS: role }, allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    does: 's3:GetObject',
    to: object,
    verdict: noBoundary('s3:GetObject'),
  },
})

table('resource policies in the own account', {
  'naming the user grants without an identity policy': {
    id: 'T117',
    who: bob,
    resource: [to({ AWS: `arn:aws:iam::${A}:user/team/bob` }, allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'naming the account root grants nothing by itself': {
    id: 'T118',
    who: bob,
    resource: [to({ AWS: `arn:aws:iam::${A}:root` }, allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    does: 's3:GetObject',
    to: object,
    verdict: noIdentity('s3:GetObject'),
  },
  'naming the role grants all its sessions': {
    who: session,
    resource: [to({ AWS: role }, allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'a deny over plain HTTP stops a user with every permission': {
    id: 'T111',
    who: bob,
    identity: [allow('*')],
    resource: [to('*', deny('s3:*', 'arn:aws:s3:::b/*', { Bool: { 'aws:SecureTransport': 'false' } }))],
    given: { 'aws:SecureTransport': 'false' },
    does: 's3:GetObject',
    to: object,
    verdict: denied('a resource-based policy'),
  },
  'the same deny lets TLS pass': {
    id: 'T111',
    who: bob,
    identity: [allow('*')],
    resource: [to('*', deny('s3:*', 'arn:aws:s3:::b/*', { Bool: { 'aws:SecureTransport': 'false' } }))],
    given: { 'aws:SecureTransport': 'true' },
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'NotPrincipal with Deny spares the user when account and user are listed': {
    who: bob,
    identity: [allow('*')],
    resource: [{ ...deny('s3:*', 'arn:aws:s3:::b/*'), NotPrincipal: { AWS: [A, `arn:aws:iam::${A}:user/team/bob`] } }],
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'NotPrincipal with Deny hits whoever has a boundary, listed or not': {
    who: bob,
    identity: [allow('*')],
    boundary: [allow('*')],
    resource: [{ ...deny('s3:*', 'arn:aws:s3:::b/*'), NotPrincipal: { AWS: [A, `arn:aws:iam::${A}:user/team/bob`] } }],
    does: 's3:GetObject',
    to: object,
    verdict: denied('a resource-based policy'),
  },
  'NotPrincipal with Deny hits a session when only its role is listed': {
    who: session,
    identity: [allow('*')],
    resource: [{ ...deny('s3:*', 'arn:aws:s3:::b/*'), NotPrincipal: { AWS: [A, role] } }],
    does: 's3:GetObject',
    to: object,
    verdict: denied('a resource-based policy'),
  },
  'NotPrincipal with Deny hits a service that is not listed': {
    who: s3,
    resource: [
      to({ Service: 's3.amazonaws.com' }, allow('lambda:InvokeFunction', F)),
      { ...deny('lambda:*', F), NotPrincipal: { AWS: A } },
    ],
    does: 'lambda:InvokeFunction',
    to: F,
    verdict: denied('a resource-based policy'),
  },
  'NotPrincipal with Allow lets everybody else in, the anonymous too': {
    who: nobody,
    resource: [{ ...allow('s3:GetObject', 'arn:aws:s3:::b/*'), NotPrincipal: { AWS: B } }],
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'NotPrincipal with Allow leaves out whom it lists': {
    who: eveOfB,
    identity: [allow('*')],
    resource: [{ ...allow('s3:GetObject', 'arn:aws:s3:::b/*'), NotPrincipal: { AWS: B } }],
    does: 's3:GetObject',
    to: object,
    verdict: noResource('s3:GetObject'),
  },
})

table('another account', {
  'needs both policies and has them': {
    id: 'T119',
    who: eveOfB,
    identity: [allow('s3:GetObject')],
    resource: [to({ AWS: B }, allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'needs both policies and lacks the identity policy': {
    id: 'T119',
    who: eveOfB,
    resource: [to({ AWS: B }, allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    does: 's3:GetObject',
    to: object,
    verdict: noIdentity('s3:GetObject'),
  },
  'needs both policies and lacks the resource policy': {
    who: eveOfB,
    identity: [allow('*')],
    does: 'lambda:InvokeFunction',
    to: F,
    verdict: noResource('lambda:InvokeFunction'),
  },
  'may invoke what the function grants its account': {
    id: 'T120',
    who: eveOfB,
    identity: [allow('lambda:*')],
    resource: [to({ AWS: `arn:aws:iam::${B}:root` }, allow('lambda:InvokeFunction', F))],
    does: 'lambda:InvokeFunction',
    to: F,
    verdict: 'allowed',
  },
  'may not read the function that only lets itself be invoked': {
    id: 'T120',
    who: eveOfB,
    identity: [allow('lambda:*')],
    resource: [to({ AWS: `arn:aws:iam::${B}:root` }, allow('lambda:InvokeFunction', F))],
    does: 'lambda:GetFunction',
    to: F,
    verdict: noResource('lambda:GetFunction'),
  },
  'cannot use a public policy that Block Public Access restricts': {
    who: eveOfB,
    identity: [allow('*')],
    resource: [to('*', allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    restrictPublic: true,
    does: 's3:GetObject',
    to: object,
    verdict: noResource('s3:GetObject'),
  },
})

table('root, services and the anonymous', {
  'root may do everything in its account': { who: root, does: 's3:GetObject', to: object, verdict: 'allowed' },
  'root is stopped by a deny in a bucket policy': {
    who: root,
    resource: [to('*', deny('s3:*', 'arn:aws:s3:::b/*'))],
    does: 's3:GetObject',
    to: object,
    verdict: denied('a resource-based policy'),
  },
  'root can always replace the bucket policy': {
    who: root,
    resource: [to('*', deny('s3:*', bucket))],
    does: 's3:PutBucketPolicy',
    to: bucket,
    verdict: 'allowed',
  },
  'a user cannot replace a bucket policy that denies it': {
    who: bob,
    identity: [allow('*')],
    resource: [to('*', deny('s3:*', bucket))],
    does: 's3:PutBucketPolicy',
    to: bucket,
    verdict: denied('a resource-based policy'),
  },
  'root of another account has no rights here': {
    who: rootOfB,
    does: 's3:GetObject',
    to: object,
    verdict: noResource('s3:GetObject'),
  },
  'S3 may invoke the function that names its bucket and account': {
    who: s3,
    resource: [
      to(
        { Service: 's3.amazonaws.com' },
        allow('lambda:InvokeFunction', F, {
          StringEquals: { 'AWS:SourceAccount': A },
          ArnLike: { 'AWS:SourceArn': bucket },
        }),
      ),
    ],
    given: { 'aws:SourceArn': bucket, 'aws:SourceAccount': A },
    does: 'lambda:InvokeFunction',
    to: F,
    verdict: 'allowed',
  },
  'S3 may not invoke it for another bucket': {
    who: s3,
    resource: [
      to({ Service: 's3.amazonaws.com' }, allow('lambda:InvokeFunction', F, { ArnLike: { 'AWS:SourceArn': bucket } })),
    ],
    given: { 'aws:SourceArn': 'arn:aws:s3:::other', 'aws:SourceAccount': A },
    does: 'lambda:InvokeFunction',
    to: F,
    verdict: noResource('lambda:InvokeFunction'),
  },
  'the anonymous may read what a bucket opens to everyone': {
    who: nobody,
    resource: [to({ AWS: '*' }, allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'the anonymous may not when Block Public Access restricts it': {
    who: nobody,
    resource: [to('*', allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    restrictPublic: true,
    does: 's3:GetObject',
    to: object,
    verdict: noResource('s3:GetObject'),
  },
  'the own account keeps a restricted public policy': {
    who: bob,
    resource: [to('*', allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    restrictPublic: true,
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'naming an account does not name the anonymous': {
    who: nobody,
    resource: [to({ AWS: A }, allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
    does: 's3:GetObject',
    to: object,
    verdict: noResource('s3:GetObject'),
  },
})

table('trust policies', {
  'Lambda may assume a role that trusts it': {
    who: lambda,
    trust: [trusts({ Service: 'lambda.amazonaws.com' })],
    does: 'sts:AssumeRole',
    to: role,
    verdict: 'allowed',
  },
  'Lambda may not assume a role that trusts another service': {
    who: lambda,
    trust: [trusts({ Service: 'ec2.amazonaws.com' })],
    does: 'sts:AssumeRole',
    to: role,
    verdict: noResource('sts:AssumeRole'),
  },
  'a user the trust policy does not name is refused, whatever its own policies allow': {
    id: 'T126',
    who: bob,
    identity: [allow('sts:AssumeRole')],
    trust: [trusts({ Service: 'lambda.amazonaws.com' })],
    does: 'sts:AssumeRole',
    to: role,
    verdict: noResource('sts:AssumeRole'),
  },
  'a user the trust policy names needs nothing else': {
    who: bob,
    trust: [trusts({ AWS: `arn:aws:iam::${A}:user/team/bob` })],
    does: 'sts:AssumeRole',
    to: role,
    verdict: 'allowed',
  },
  'trust in the account needs an identity policy too': {
    who: bob,
    trust: [trusts({ AWS: A })],
    does: 'sts:AssumeRole',
    to: role,
    verdict: noIdentity('sts:AssumeRole'),
  },
  'trust in the account with an identity policy is enough': {
    who: bob,
    identity: [allow('sts:AssumeRole', role)],
    trust: [trusts({ AWS: A })],
    does: 'sts:AssumeRole',
    to: role,
    verdict: 'allowed',
  },
  'another account needs trust and an identity policy': {
    who: eveOfB,
    identity: [allow('sts:AssumeRole', role)],
    trust: [trusts({ AWS: B }, { StringEquals: { 'sts:ExternalId': 'x' } })],
    given: { 'sts:ExternalId': 'x' },
    does: 'sts:AssumeRole',
    to: role,
    verdict: 'allowed',
  },
  'a wrong external id is refused': {
    who: eveOfB,
    identity: [allow('sts:AssumeRole', role)],
    trust: [trusts({ AWS: B }, { StringEquals: { 'sts:ExternalId': 'x' } })],
    given: { 'sts:ExternalId': 'y' },
    does: 'sts:AssumeRole',
    to: role,
    verdict: noResource('sts:AssumeRole'),
  },
  'a web identity is judged by the trust policy alone': {
    who: { kind: 'federated', provider: 'accounts.google.com' },
    trust: [trusts({ Federated: 'accounts.google.com' }, undefined, 'sts:AssumeRoleWithWebIdentity')],
    does: 'sts:AssumeRoleWithWebIdentity',
    to: role,
    verdict: 'allowed',
  },
})

table('conditions and variables', {
  'bob may list his own home': {
    id: 'T109',
    who: bob,
    identity: [homes],
    given: { ...bobs, 's3:prefix': 'home/bob/' },
    does: 's3:ListBucket',
    to: bucket,
    verdict: 'allowed',
  },
  'bob may not list the home of eve': {
    id: 'T109',
    who: bob,
    identity: [homes],
    given: { ...bobs, 's3:prefix': 'home/eve/' },
    does: 's3:ListBucket',
    to: bucket,
    verdict: noIdentity('s3:ListBucket'),
  },
  'bob may not list without a prefix': {
    id: 'T109',
    who: bob,
    identity: [homes],
    given: bobs,
    does: 's3:ListBucket',
    to: bucket,
    verdict: noIdentity('s3:ListBucket'),
  },
  'version 2008-10-17 knows no variables': {
    id: 'T110',
    who: bob,
    version: '2008-10-17',
    identity: [homes],
    given: { ...bobs, 's3:prefix': 'home/bob/' },
    does: 's3:ListBucket',
    to: bucket,
    verdict: noIdentity('s3:ListBucket'),
  },
  'a deny with StringNotEquals hits a request that lacks the key': {
    id: 'T112',
    who: bob,
    identity: [allow('s3:*'), deny('s3:PutObject', '*', { StringNotEquals: encrypted })],
    does: 's3:PutObject',
    to: object,
    verdict: denied('an identity-based policy'),
  },
  'a deny with StringNotEqualsIfExists hits it as well': {
    id: 'T113',
    who: bob,
    identity: [allow('s3:*'), deny('s3:PutObject', '*', { StringNotEqualsIfExists: encrypted })],
    does: 's3:PutObject',
    to: object,
    verdict: denied('an identity-based policy'),
  },
  'a deny that also demands the key with Null false spares it': {
    id: 'T113',
    who: bob,
    identity: [
      allow('s3:*'),
      deny('s3:PutObject', '*', {
        StringNotEquals: encrypted,
        Null: { 's3:x-amz-server-side-encryption': 'false' },
      }),
    ],
    does: 's3:PutObject',
    to: object,
    verdict: 'allowed',
  },
  'ForAllValues holds when the request has no tags': {
    id: 'T114',
    who: bob,
    identity: [allow('lambda:*', '*', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } })],
    does: 'lambda:GetFunction',
    to: F,
    verdict: 'allowed',
  },
  'ForAnyValue fails when the request has no tags': {
    id: 'T114',
    who: bob,
    identity: [allow('lambda:*', '*', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['a'] } })],
    does: 'lambda:GetFunction',
    to: F,
    verdict: noIdentity('lambda:GetFunction'),
  },
  'ForAllValues fails when one tag is not listed': {
    who: bob,
    identity: [allow('lambda:*', '*', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } })],
    given: { 'aws:TagKeys': ['a', 'b'] },
    does: 'lambda:TagResource',
    to: F,
    verdict: noIdentity('lambda:TagResource'),
  },
  'an object with the right tag may be read': {
    id: 'T123',
    who: bob,
    identity: [allow('s3:GetObject', '*', { StringEquals: { 's3:ExistingObjectTag/public': 'yes' } })],
    given: { 's3:ExistingObjectTag/public': 'yes' },
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'an object without the tag may not': {
    id: 'T123',
    who: bob,
    identity: [allow('s3:GetObject', '*', { StringEquals: { 's3:ExistingObjectTag/public': 'yes' } })],
    does: 's3:GetObject',
    to: object,
    verdict: noIdentity('s3:GetObject'),
  },
  'aws:PrincipalArn of a session is the ARN of its role': {
    id: 'T127',
    who: session,
    identity: [allow('s3:GetObject', '*', { ArnEquals: { 'aws:PrincipalArn': role } })],
    given: { 'aws:PrincipalArn': role },
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'an allow with ArnLike of a key the request lacks grants nothing': {
    id: 'T128',
    who: bob,
    identity: [allow('s3:GetObject', '*', { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::*' } })],
    does: 's3:GetObject',
    to: object,
    verdict: noIdentity('s3:GetObject'),
  },
  'a deny with ArnNotLike of a key the request lacks hits': {
    id: 'T128',
    who: bob,
    identity: [allow('s3:*')],
    resource: [to('*', deny('s3:*', 'arn:aws:s3:::b/*', { ArnNotLike: { 'aws:SourceArn': 'arn:aws:s3:::*' } }))],
    does: 's3:GetObject',
    to: object,
    verdict: denied('a resource-based policy'),
  },
  'the function itself may read': {
    id: 'T129',
    who: session,
    identity: [allow('s3:GetObject', '*', { ArnEquals: { 'lambda:SourceFunctionArn': F } })],
    given: { 'lambda:SourceFunctionArn': F },
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'another function with the same role may not': {
    id: 'T129',
    who: session,
    identity: [allow('s3:GetObject', '*', { ArnEquals: { 'lambda:SourceFunctionArn': F } })],
    given: { 'lambda:SourceFunctionArn': `${F}2` },
    does: 's3:GetObject',
    to: object,
    verdict: noIdentity('s3:GetObject'),
  },
  'a variable without a value makes a deny match nothing': {
    who: bob,
    identity: [allow('s3:*'), deny('s3:*', 'arn:aws:s3:::${aws:PrincipalTag/team}/*')],
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'a variable falls back on its default': {
    who: bob,
    identity: [allow('s3:*', "arn:aws:s3:::${aws:PrincipalTag/team, 'b'}/*")],
    does: 's3:GetObject',
    to: object,
    verdict: 'allowed',
  },
  'a wildcard in the value of a variable is literal': {
    who: bob,
    identity: [allow('s3:*', 'arn:aws:s3:::b/${aws:PrincipalTag/path}')],
    given: { 'aws:PrincipalTag/path': '*' },
    does: 's3:GetObject',
    to: object,
    verdict: noIdentity('s3:GetObject'),
  },
  'an escaped star is a star': {
    who: bob,
    identity: [allow('s3:*', 'arn:aws:s3:::b/${*}')],
    does: 's3:GetObject',
    to: 'arn:aws:s3:::b/*',
    verdict: 'allowed',
  },
  'a multi-valued key never satisfies an operator without a set': {
    who: bob,
    identity: [allow('lambda:*', '*', { StringEquals: { 'aws:TagKeys': 'a' } })],
    given: { 'aws:TagKeys': ['a'] },
    does: 'lambda:TagResource',
    to: F,
    verdict: noIdentity('lambda:TagResource'),
  },
})

describe('a verdict', () => {
  it('names every statement that denied, by its Sid or number', () => {
    const verdict = evaluate(
      requestOf({
        who: bob,
        identity: [allow('s3:*'), { ...deny('s3:GetObject'), Sid: 'NoReading' }, deny('s3:Get*')],
        does: 's3:GetObject',
        to: object,
        verdict: '',
      }),
    )
    expect(verdict.statements).toEqual([
      { policyKind: 'identity', policy: 'inline', statement: 'NoReading', effect: 'Deny' },
      { policyKind: 'identity', policy: 'inline', statement: '#2', effect: 'Deny' },
    ])
    expect(verdict.isExplicitDeny).toBe(true)
  })

  it('names both sides of a cross-account permission', () => {
    const verdict = evaluate(
      requestOf({
        who: eveOfB,
        identity: [allow('s3:*')],
        resource: [to({ AWS: B }, allow('s3:GetObject', 'arn:aws:s3:::b/*'))],
        does: 's3:GetObject',
        to: object,
        verdict: '',
      }),
    )
    expect(verdict.statements.map((statement) => [statement.policyKind, statement.policy])).toEqual([
      ['identity', 'inline'],
      ['resource', object],
    ])
  })
})
