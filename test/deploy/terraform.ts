import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { functionZip } from '../house/function-zip.ts'
import { type Connection, run } from '../house/server-process.ts'
import { expectEqual, expectMatch } from './checks.ts'
import { bucketNames, expectCopied, expectNotCopied, type Outputs } from './tutorial.ts'

const HANDLER = `const { S3Client, GetObjectCommand, PutObjectCommand } = require('@aws-sdk/client-s3')
const s3 = new S3Client({})
exports.handler = async ({ Records: [{ s3: { bucket, object } }] }) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: object.key }))
  const text = process.env.SAYS + (await Body.transformToString())
  await s3.send(new PutObjectCommand({ Bucket: process.env.TARGET, Key: object.key, Body: text }))
}
`

interface Variant {
  readonly suffix: string
  readonly says: string
}

/**
 * `terraform init`, `apply`, `plan`, a changed notification and environment, and `destroy`, with the AWS provider. After each apply a plan must find
 * nothing to do: what Terraform reads back is then what it wrote.
 *
 * @param plugins a folder of providers that Terraform takes instead of asking its registry
 */
export async function terraform(
  connection: Connection,
  folder: string,
  plugins: string | undefined,
): Promise<string | undefined> {
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: connection.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: connection.credentials.secretAccessKey,
    AWS_REGION: connection.region,
    AWS_ENDPOINT_URL: connection.endpoint,
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
  }
  const cli = (...args: string[]) => run('terraform', [`-chdir=${folder}`, ...args, '-no-color'], env)
  const version = await run('terraform', ['version'], env).catch(() => undefined)
  if (version === undefined) return 'terraform is not installed'
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'code.zip'), functionZip({ 'index.js': HANDLER }))
  const write = (variant: Variant) => writeFile(join(folder, 'main.tf'), configuration(variant))
  const first = { suffix: '.txt', says: 'terraform ' }
  await write(first)
  try {
    await cli('init', '-input=false', ...(plugins === undefined ? [] : [`-plugin-dir=${plugins}`]))
  } catch (error) {
    return `its AWS provider cannot be had: ${(error as Error).message.slice(-300)}`
  }
  const apply = async (variant: Variant): Promise<Outputs> => {
    await write(variant)
    await cli('apply', '-input=false', '-auto-approve')
    expectMatch(await cli('plan', '-input=false'), /No changes\./, 'terraform plan of what is applied')
    const outputs = JSON.parse(await cli('output', '-json')) as Record<string, { value: string }>
    return Object.fromEntries(Object.entries(outputs).map(([key, { value }]) => [key, value])) as unknown as Outputs
  }
  const s3 = new S3Client(connection)
  const outputs = await apply(first)
  await expectCopied(s3, outputs, 'a.txt', first.says)
  const changed = { suffix: '.md', says: 'changed ' }
  await apply(changed)
  await expectNotCopied(s3, outputs, 'b.txt', 'b.md', changed.says)
  await cli('destroy', '-input=false', '-auto-approve')
  const left = (await bucketNames(connection)).filter((name) => name.startsWith('terraform-'))
  expectEqual(left.join(), '', 'buckets that are left')
  return undefined
}

/** The tutorial's application, with one resource of each other kind that Terraform is much used for. */
function configuration({ suffix, says }: Variant): string {
  return `terraform {
  required_providers { aws = { source = "hashicorp/aws" } }
}
provider "aws" {
  default_tags { tags = { by = "terraform" } }
}
data "aws_caller_identity" "me" {}
resource "aws_s3_bucket" "source" {
  bucket_prefix = "terraform-source-"
  force_destroy = true
}
resource "aws_s3_bucket" "target" {
  bucket_prefix = "terraform-target-"
  force_destroy = true
  tags          = { says = "${says}" }
}
resource "aws_s3_bucket_versioning" "source" {
  bucket = aws_s3_bucket.source.id
  versioning_configuration { status = "Enabled" }
}
resource "aws_s3_bucket_public_access_block" "source" {
  bucket                  = aws_s3_bucket.source.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
resource "aws_s3_bucket_server_side_encryption_configuration" "source" {
  bucket = aws_s3_bucket.source.id
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}
resource "aws_s3_bucket_lifecycle_configuration" "source" {
  bucket = aws_s3_bucket.source.id
  rule {
    id     = "old"
    status = "Enabled"
    filter { prefix = "old/" }
    expiration { days = 30 }
    noncurrent_version_expiration { noncurrent_days = 7 }
  }
}
resource "aws_s3_bucket_cors_configuration" "source" {
  bucket = aws_s3_bucket.source.id
  cors_rule {
    allowed_methods = ["GET", "PUT"]
    allowed_origins = ["*"]
  }
}
resource "aws_s3_bucket_policy" "target" {
  bucket = aws_s3_bucket.target.id
  policy = data.aws_iam_policy_document.tls.json
}
data "aws_iam_policy_document" "tls" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.target.arn, "\${aws_s3_bucket.target.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}
resource "aws_iam_role" "copier" {
  name_prefix        = "terraform-copier-"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
resource "aws_iam_role_policy" "queue" {
  role   = aws_iam_role.copier.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.failed.arn }]
  })
}
resource "aws_iam_policy" "copy" {
  name_prefix = "terraform-copy-"
  policy      = jsonencode({
    Version   = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:GetObject", Resource = "\${aws_s3_bucket.source.arn}/*" },
      { Effect = "Allow", Action = "s3:PutObject", Resource = "\${aws_s3_bucket.target.arn}/*" },
    ]
  })
}
resource "aws_iam_role_policy_attachment" "copy" {
  role       = aws_iam_role.copier.name
  policy_arn = aws_iam_policy.copy.arn
}
resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.copier.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
resource "aws_cloudwatch_log_group" "copier" {
  name              = "/aws/lambda/terraform-copier"
  retention_in_days = 7
}
resource "aws_lambda_function" "copier" {
  function_name    = "terraform-copier"
  role             = aws_iam_role.copier.arn
  filename         = "code.zip"
  source_code_hash = filebase64sha256("code.zip")
  handler          = "index.handler"
  runtime          = "nodejs22.x"
  timeout          = 20
  publish          = true
  environment {
    variables = { TARGET = aws_s3_bucket.target.id, SAYS = "${says}" }
  }
  dead_letter_config { target_arn = aws_sqs_queue.failed.arn }
  depends_on = [aws_cloudwatch_log_group.copier]
}
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.copier.function_name
  function_version = aws_lambda_function.copier.version
}
resource "aws_lambda_permission" "bucket" {
  statement_id   = "bucket"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.copier.function_name
  qualifier      = aws_lambda_alias.live.name
  principal      = "s3.amazonaws.com"
  source_arn     = aws_s3_bucket.source.arn
  source_account = data.aws_caller_identity.me.account_id
}
resource "aws_lambda_function_event_invoke_config" "copier" {
  function_name          = aws_lambda_function.copier.function_name
  maximum_retry_attempts = 1
}
resource "aws_s3_bucket_notification" "source" {
  bucket = aws_s3_bucket.source.id
  lambda_function {
    lambda_function_arn = aws_lambda_alias.live.arn
    events              = ["s3:ObjectCreated:*"]
    filter_suffix       = "${suffix}"
  }
  queue {
    id            = "removed"
    queue_arn     = aws_sqs_queue.removed.arn
    events        = ["s3:ObjectRemoved:*"]
    filter_prefix = "a"
  }
  depends_on = [aws_lambda_permission.bucket, aws_sqs_queue_policy.removed, aws_iam_role_policy_attachment.copy]
}
resource "aws_sqs_queue" "failed" {
  name = "terraform-failed"
}
resource "aws_sqs_queue" "removed" {
  name           = "terraform-removed"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.failed.arn, maxReceiveCount = 3 })
}
resource "aws_sqs_queue_policy" "removed" {
  queue_url = aws_sqs_queue.removed.id
  policy    = jsonencode({
    Version   = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { Service = "s3.amazonaws.com" }, Action = "sqs:SendMessage", Resource = aws_sqs_queue.removed.arn },
    ]
  })
}
resource "aws_sns_topic" "news" {
  name = "terraform-news"
}
resource "aws_sns_topic_subscription" "news" {
  topic_arn = aws_sns_topic.news.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.copier.arn
}
resource "aws_ssm_parameter" "says" {
  name  = "/terraform/says"
  type  = "String"
  value = "${says}"
}
resource "aws_cloudwatch_event_rule" "hourly" {
  name                = "terraform-hourly"
  schedule_expression = "rate(1 hour)"
}
resource "aws_cloudwatch_event_target" "hourly" {
  rule = aws_cloudwatch_event_rule.hourly.name
  arn  = aws_sqs_queue.removed.arn
}
resource "aws_lambda_event_source_mapping" "removed" {
  event_source_arn = aws_sqs_queue.removed.arn
  function_name    = aws_lambda_function.copier.arn
  enabled          = false
  depends_on       = [aws_iam_role_policy.receive]
}
resource "aws_iam_role_policy" "receive" {
  role   = aws_iam_role.copier.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      Resource = aws_sqs_queue.removed.arn
    }]
  })
}
output "Source" { value = aws_s3_bucket.source.id }
output "Target" { value = aws_s3_bucket.target.id }
output "Function" { value = aws_lambda_function.copier.function_name }
`
}
