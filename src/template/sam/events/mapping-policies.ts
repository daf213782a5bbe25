/** Statements for the roles of functions that read sources of services that Millrace does not have. */
import { EventMistake } from '../errors.ts'
import { sub } from '../intrinsics.ts'
import { isGiven, type Json, type JsonObject } from '../json.ts'
import { allow } from '../policies.ts'
import type { FunctionEvent } from './event.ts'

export function readSecret(arn: Json): JsonObject {
  return allow(['secretsmanager:GetSecretValue'], arn)
}

/** What Lambda needs to reach a source inside of a VPC. */
export function joinNetwork(): JsonObject {
  return allow(
    [
      'ec2:CreateNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeVpcs',
      'ec2:DescribeSubnets',
      'ec2:DescribeSecurityGroups',
    ],
    '*',
  )
}

/** The key that the secret is encrypted with, when the event names one. */
export function decryption(
  { name, properties: { SecretsManagerKmsKeyId: key } }: FunctionEvent,
  action: Json,
): JsonObject[] {
  if (!isGiven(key)) return []
  if (typeof key !== 'string') throw new EventMistake(name, "Property 'SecretsManagerKmsKeyId' should be a string.")
  return [allow(action, sub(`arn:\${AWS::Partition}:kms:\${AWS::Region}:\${AWS::AccountId}:key/${key}`))]
}
