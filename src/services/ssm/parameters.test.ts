import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ACCOUNT, arn, REGION, SsmTest, USER } from './testing.ts'

let test: SsmTest
beforeEach(() => {
  test = new SsmTest()
})
afterEach(() => {
  expect(test.failures).toEqual([])
})

const value = async (Name: string, WithDecryption = false) =>
  (await test.call('GetParameter', { Name, WithDecryption })).Parameter?.Value

describe('a parameter', () => {
  it('is what was put last', async () => {
    expect(await test.put('/app/db', 'one')).toEqual({ Version: 1, Tier: 'Standard' })
    expect(await test.refusal('PutParameter', { Name: '/app/db', Value: 'two' })).toBe(
      '400 ParameterAlreadyExists: The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
    )
    expect(await test.call('PutParameter', { Name: '/app/db', Value: 'two', Overwrite: true })).toMatchObject({
      Version: 2,
    })
    expect(await test.call('GetParameter', { Name: '/app/db' })).toEqual({
      Parameter: {
        Name: '/app/db',
        Type: 'String',
        Value: 'two',
        Version: 2,
        LastModifiedDate: new Date(test.clock.now()),
        ARN: arn('/app/db'),
        DataType: 'text',
      },
    })
  })

  it('is found by version, label and ARN', async () => {
    await test.put('/app/db', 'one')
    await test.put('/app/db', 'two', { Overwrite: true })
    await test.call('LabelParameterVersion', { Name: '/app/db', Labels: ['live'], ParameterVersion: 1 })
    expect(await value('/app/db:1')).toBe('one')
    expect(await value('/app/db:live')).toBe('one')
    expect(await value(arn('/app/db'))).toBe('two')
    expect(await value(`${arn('/app/db')}:live`)).toBe('one')
    expect((await test.call('GetParameter', { Name: '/app/db:live' })).Parameter?.Selector).toBe(':live')
    expect(await test.refusal('GetParameter', { Name: '/app/db:7' })).toBe(
      '400 ParameterVersionNotFound: Systems Manager could not find version 7 of /app/db. Verify the version and try again.',
    )
    expect(await test.refusal('GetParameter', { Name: '/app/db:dead' })).toMatch('400 ParameterVersionNotFound')
  })

  it('has an ARN that does not tell whether its name begins with a slash', async () => {
    await test.put('/slash', 'a')
    await test.put('plain', 'b')
    expect([await value(arn('/slash')), await value(arn('/plain'))]).toEqual(['a', 'b'])
    expect(await test.refusal('GetParameter', { Name: 'slash' })).toMatch('ParameterNotFound')
  })

  it('of AWS is not here', async () => {
    const Name = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64'
    expect(await test.refusal('GetParameter', { Name })).toMatch('400 ParameterNotFound')
    expect(await test.refusal('GetParametersByPath', { Path: '/aws/service' })).toMatch('501 NotImplemented')
  })

  it('goes with all its versions', async () => {
    await test.put('a', '1')
    await test.put('a', '2', { Overwrite: true })
    await test.call('DeleteParameter', { Name: 'a' })
    expect(await test.refusal('DeleteParameter', { Name: 'a' })).toMatch('400 ParameterNotFound')
    expect(await test.put('a', '3')).toMatchObject({ Version: 1 })
    expect((await test.call('GetParameterHistory', { Name: 'a' })).Parameters).toHaveLength(1)
  })

  it.each([
    ['awsTest', '400 AccessDeniedException: No access to reserved parameter name: awsTest.'],
    ['/AWS/x', '400 AccessDeniedException: No access to reserved parameter name: /AWS/x.'],
    ['ssm-x', '400 ValidationException: Parameter name: can\'t be prefixed with "ssm" (case-insensitive).'],
    ['a b', '400 ValidationException: Parameter name: can\'t be prefixed with "ssm" (case-insensitive).'],
    ['a/b', '400 ValidationException: Parameter name must be a fully qualified name.'],
    [`${'/a'.repeat(16)}`, '400 HierarchyLevelLimitExceededException'],
    [`/${'a'.repeat(1000)}`, '400 ValidationException'],
  ])('is not called %s', async (Name, refusal) => {
    expect(await test.refusal('PutParameter', { Name, Value: '1', Type: 'String' })).toMatch(refusal)
  })

  it.each([
    [{ Type: undefined }, 'A parameter type is required when you create a parameter.'],
    [{ Type: 'Text' as never }, "1 validation error detected: Value 'Text' at 'type' failed"],
    [{ Value: '' }, "1 validation error detected: Value '' at 'value' failed to satisfy constraint"],
    [{ Value: 'x'.repeat(4097) }, 'Standard tier parameters support a maximum parameter value of 4096 characters.'],
    [{ Value: 'x'.repeat(8193), Tier: 'Advanced' as const }, 'Advanced tier parameters support a maximum'],
    [{ AllowedPattern: '\\d+' }, 'Parameter value, cannot be validated against allowedPattern: \\d+'],
    [{ AllowedPattern: '(' }, '400 InvalidAllowedPatternException'],
    [{ DataType: 'Text' }, 'The following data type is not supported: Text (Data type names are all lowercase.)'],
    [{ DataType: 'aws:ec2:image' }, '501 NotImplemented'],
    [{ Policies: '[{"Type":"Expiration"}]' }, '501 NotImplemented'],
    [{ KeyId: 'alias/mine', Type: 'SecureString' as const }, '400 InvalidKeyId'],
    [{ KeyId: 'alias/aws/ssm' }, 'KeyId is required for SecureString type parameter only.'],
    [{ Tags: [{ Key: 'aws:x', Value: '' }] }, '400 ValidationException'],
    [{ Tags: [{ Key: 'a', Value: '' }], Overwrite: true }, "tags and overwrite can't be used together"],
  ])('is refused with %o', async (more, refusal) => {
    expect(await test.refusal('PutParameter', { Name: 'p', Value: 'abc', Type: 'String', ...more })).toContain(refusal)
  })

  it('has no pattern when that is empty', async () => {
    await test.put('unbound', 'abc', { AllowedPattern: '' })
    const { Parameters = [] } = await test.call('DescribeParameters', {})
    expect(Parameters.find(({ Name }) => Name === 'unbound')).not.toHaveProperty('AllowedPattern')
  })

  it('stops patterns that would never end', async () => {
    const Value = `${'a'.repeat(60)}b`
    expect(await test.refusal('PutParameter', { Name: 'p', Value, Type: 'String', AllowedPattern: '(a+)+' })).toMatch(
      'InvalidAllowedPatternException',
    )
  })

  it('keeps its type and never becomes smaller', async () => {
    await test.put('p', 'x'.repeat(5000), { Tier: 'Intelligent-Tiering' })
    expect(await test.put('p', 'x', { Overwrite: true })).toEqual({ Version: 2, Tier: 'Advanced' })
    expect(await test.refusal('PutParameter', { Name: 'p', Value: 'x', Overwrite: true, Tier: 'Standard' })).toContain(
      "You can't downgrade a parameter",
    )
    expect(await test.refusal('PutParameter', { Name: 'p', Value: 'x', Overwrite: true, Type: 'StringList' })).toMatch(
      '400 HierarchyTypeMismatchException',
    )
  })

  it('keeps a hundred versions, and no more than its labels let go', async () => {
    for (let version = 1; version <= 100; version++) await test.put('p', String(version), { Overwrite: true })
    await test.call('LabelParameterVersion', { Name: 'p', Labels: ['first'], ParameterVersion: 1 })
    expect(await test.refusal('PutParameter', { Name: 'p', Value: '101', Overwrite: true })).toMatch(
      '400 ParameterMaxVersionLimitExceeded',
    )
    await test.call('LabelParameterVersion', { Name: 'p', Labels: ['first'] })
    expect(await test.put('p', '101', { Overwrite: true })).toMatchObject({ Version: 101 })
    expect(await test.refusal('GetParameter', { Name: 'p:1' })).toMatch('400 ParameterVersionNotFound')
    expect(await value('p:2')).toBe('2')
  })
})

describe('a SecureString', () => {
  it('is stored sealed and shown to whom asks for its decryption', async () => {
    await test.put('/secret', 'swordfish', { Type: 'SecureString' })
    const sealed = await value('/secret')
    expect(sealed).not.toContain('swordfish')
    expect(await value('/secret', true)).toBe('swordfish')
    const rows = await test.store.list({ gte: Buffer.of(0), lt: Buffer.of(255), limit: 100 })
    expect(rows.some((row) => Buffer.from(row.value).includes('swordfish'))).toBe(false)
    const [described] = (await test.call('DescribeParameters', {})).Parameters ?? []
    expect(described).toMatchObject({ Type: 'SecureString', KeyId: 'alias/aws/ssm' })
  })
})

describe('labels', () => {
  it('move, and are refused one by one', async () => {
    await test.put('p', '1')
    await test.put('p', '2', { Overwrite: true })
    expect(
      await test.call('LabelParameterVersion', {
        Name: 'p',
        Labels: ['a', '1st', 'aws-x', 'b c'],
        ParameterVersion: 1,
      }),
    ).toEqual({ InvalidLabels: ['1st', 'aws-x', 'b c'], ParameterVersion: 1 })
    expect(await test.call('LabelParameterVersion', { Name: 'p', Labels: ['a'] })).toMatchObject({
      ParameterVersion: 2,
    })
    expect(await value('p:a')).toBe('2')
    expect(await test.call('UnlabelParameterVersion', { Name: 'p', ParameterVersion: 2, Labels: ['a', 'z'] })).toEqual({
      RemovedLabels: ['a'],
      InvalidLabels: ['z'],
    })
    expect(await test.refusal('LabelParameterVersion', { Name: 'p', Labels: ['a'], ParameterVersion: 9 })).toMatch(
      '400 ParameterVersionNotFound',
    )
  })

  it('are at most ten', async () => {
    await test.put('p', '1')
    await test.call('LabelParameterVersion', { Name: 'p', Labels: [...'abcdefghij'] })
    expect(await test.refusal('LabelParameterVersion', { Name: 'p', Labels: ['k'] })).toMatch(
      '400 ParameterVersionLabelLimitExceeded',
    )
  })
})

describe('many parameters', () => {
  beforeEach(async () => {
    for (const name of ['top', '/top2', '/app/a', '/app/b', '/app/b/c', '/apple', '/app/z']) await test.put(name, name)
  })
  const byPath = async (Path: string, more: object = {}) =>
    (await test.call('GetParametersByPath', { Path, ...more })).Parameters?.map(({ Name }) => Name)
  const described = async (ParameterFilters: object[]) =>
    (await test.call('DescribeParameters', { ParameterFilters: ParameterFilters as never })).Parameters?.map(
      ({ Name }) => Name,
    )

  it('are read by path', async () => {
    expect(await byPath('/app')).toEqual(['/app/a', '/app/b', '/app/z'])
    expect(await byPath('/app/', { Recursive: true })).toEqual(['/app/a', '/app/b', '/app/b/c', '/app/z'])
    expect(await byPath('/')).toEqual(['/apple', '/top2', 'top'])
    expect(await byPath('/nothing')).toEqual([])
    expect(await test.refusal('GetParametersByPath', { Path: 'app' })).toMatch(
      "400 ValidationException: The parameter doesn't meet the parameter name requirements.",
    )
  })

  it('come in pages', async () => {
    const first = await test.call('GetParametersByPath', { Path: '/app', Recursive: true, MaxResults: 2 })
    const second = await test.call('GetParametersByPath', {
      Path: '/app',
      Recursive: true,
      MaxResults: 2,
      NextToken: first.NextToken,
    })
    expect([...(first.Parameters ?? []), ...(second.Parameters ?? [])].map(({ Name }) => Name)).toEqual([
      '/app/a',
      '/app/b',
      '/app/b/c',
      '/app/z',
    ])
    expect(second.NextToken).toBeUndefined()
    expect(await test.refusal('GetParametersByPath', { Path: '/app', NextToken: 'x' })).toMatch('400 InvalidNextToken')
    expect(await test.refusal('GetParametersByPath', { Path: '/app', MaxResults: 11 })).toContain("at 'maxResults'")
  })

  it('are filtered by path and label', async () => {
    await test.put('/app/a', 'new', { Overwrite: true })
    await test.call('LabelParameterVersion', { Name: '/app/a', Labels: ['live'], ParameterVersion: 1 })
    const { Parameters } = await test.call('GetParametersByPath', {
      Path: '/app',
      ParameterFilters: [{ Key: 'Label', Values: ['live'] }],
    })
    expect(Parameters).toMatchObject([{ Name: '/app/a', Value: '/app/a', Version: 1, Selector: ':live' }])
  })

  it('are described by filters', async () => {
    await test.call('AddTagsToResource', {
      ResourceType: 'Parameter',
      ResourceId: '/app/a',
      Tags: [{ Key: 'team', Value: 'red' }],
    })
    expect(await described([{ Key: 'Name', Option: 'Contains', Values: ['app/b'] }])).toEqual(['/app/b', '/app/b/c'])
    expect(await described([{ Key: 'Path', Option: 'Recursive', Values: ['/app/b'] }])).toEqual(['/app/b/c'])
    expect(await described([{ Key: 'tag:team', Values: ['red', 'blue'] }])).toEqual(['/app/a'])
    expect(
      await described([
        { Key: 'Type', Values: ['String'] },
        { Key: 'Name', Values: ['top'] },
      ]),
    ).toEqual(['top'])
  })

  it.each([
    [[{ Key: 'Label', Values: ['x'] }], '400 InvalidFilterKey'],
    [[{ Key: 'Name', Option: 'Recursive', Values: ['x'] }], '400 InvalidFilterOption'],
    [[{ Key: 'Name' }], '400 InvalidFilterValue: The following filter values are missing : null for filter key Name.'],
    [[{ Key: 'Tier', Values: ['Gold'] }], '400 InvalidFilterOption: The following filter value is not valid: Gold.'],
    [
      [
        { Key: 'Name', Values: ['a'] },
        { Key: 'Name', Values: ['b'] },
      ],
      '400 ValidationException: The following filter is duplicated in the request: Name.',
    ],
  ])('are not described by %j', async (ParameterFilters, refusal) => {
    expect(await test.refusal('DescribeParameters', { ParameterFilters })).toMatch(refusal)
  })

  it('are read and deleted by name, together', async () => {
    expect(await test.call('GetParameters', { Names: ['top', 'none', '/app/a:9'] })).toMatchObject({
      Parameters: [{ Name: 'top' }],
      InvalidParameters: ['none', '/app/a:9'],
    })
    expect(await test.call('DeleteParameters', { Names: ['top', 'none'] })).toEqual({
      DeletedParameters: ['top'],
      InvalidParameters: ['none'],
    })
  })

  it('have histories in pages', async () => {
    await test.put('top', '2', { Overwrite: true, Description: 'second' })
    await test.call('LabelParameterVersion', { Name: 'top', Labels: ['live'] })
    const first = await test.call('GetParameterHistory', { Name: 'top', MaxResults: 1 })
    expect(first).toMatchObject({ Parameters: [{ Version: 1, Value: 'top', Labels: [] }], NextToken: '1' })
    const second = await test.call('GetParameterHistory', { Name: 'top', NextToken: first.NextToken })
    expect(second.Parameters).toMatchObject([{ Version: 2, Value: '2', Labels: ['live'], Description: 'second' }])
    expect(second.NextToken).toBeUndefined()
  })
})

describe('tags', () => {
  it('come and go', async () => {
    await test.put('p', '1', { Tags: [{ Key: 'a', Value: '1' }] })
    const resource = { ResourceType: 'Parameter' as const, ResourceId: 'p' }
    await test.call('AddTagsToResource', { ...resource, Tags: [{ Key: 'b', Value: '2' }] })
    await test.call('RemoveTagsFromResource', { ...resource, TagKeys: ['a'] })
    expect(await test.call('ListTagsForResource', resource)).toEqual({ TagList: [{ Key: 'b', Value: '2' }] })
    expect(await test.refusal('ListTagsForResource', { ...resource, ResourceId: 'q' })).toMatch('400 InvalidResourceId')
    expect(await test.refusal('ListTagsForResource', { ...resource, ResourceType: 'Document' })).toMatch('501')
  })
})

describe('policies', () => {
  it('name parameters by ARN, path and tag', async () => {
    await test.put('/app/a', '1', { Tags: [{ Key: 'team', Value: 'red' }] })
    await test.put('/app/b', '2')
    test.statements = [
      {
        Effect: 'Allow',
        Action: 'ssm:GetParametersByPath',
        Resource: arn('/app'),
        Condition: { StringEquals: { 'ssm:Recursive': 'false' } },
      },
      {
        Effect: 'Allow',
        Action: 'ssm:GetParameter',
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceTag/team': 'red' } },
      },
      {
        Effect: 'Allow',
        Action: 'ssm:PutParameter',
        Resource: arn('/app/*'),
        Condition: { Bool: { 'ssm:Overwrite': 'true' } },
      },
    ]
    expect((await test.call('GetParametersByPath', { Path: '/app' }, USER)).Parameters).toHaveLength(2)
    expect(await test.refusal('GetParametersByPath', { Path: '/app', Recursive: true }, USER)).toMatch('AccessDenied')
    expect((await test.call('GetParameter', { Name: '/app/a' }, USER)).Parameter?.Value).toBe('1')
    expect(await test.refusal('GetParameter', { Name: '/app/b' }, USER)).toContain(
      `AccessDeniedException: User: ${USER.arn} is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/app/b because no identity-based policy allows the ssm:GetParameter action`,
    )
    await test.call('PutParameter', { Name: '/app/b', Value: '3', Overwrite: true }, USER)
    expect(await test.refusal('PutParameter', { Name: '/app/c', Value: '3', Type: 'String' }, USER)).toMatch(
      'AccessDenied',
    )
  })
})
