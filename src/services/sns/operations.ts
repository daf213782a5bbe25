import { NotImplemented, type Operations } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import { addPermission, removePermission } from './operations/permissions.ts'
import { publish, publishBatch } from './operations/publish.ts'
import { subscribe } from './operations/subscribe.ts'
import {
  confirmSubscription,
  getSubscriptionAttributes,
  listSubscriptions,
  listSubscriptionsByTopic,
  setSubscriptionAttributes,
  unsubscribe,
} from './operations/subscriptions.ts'
import { listTagsForResource, tagResource, untagResource } from './operations/tagging.ts'
import { createTopic, deleteTopic, getTopicAttributes, listTopics, setTopicAttributes } from './operations/topics.ts'
import type { Sns } from './service.ts'

/** Every operation of Amazon SNS. Text messages and push notifications leave the machine: they are not for a local server. */
export const operations = {
  AddPermission: addPermission,
  CheckIfPhoneNumberIsOptedOut: NotImplemented,
  ConfirmSubscription: confirmSubscription,
  CreatePlatformApplication: NotImplemented,
  CreatePlatformEndpoint: NotImplemented,
  CreateSMSSandboxPhoneNumber: NotImplemented,
  CreateTopic: createTopic,
  DeleteEndpoint: NotImplemented,
  DeletePlatformApplication: NotImplemented,
  DeleteSMSSandboxPhoneNumber: NotImplemented,
  DeleteTopic: deleteTopic,
  GetDataProtectionPolicy: NotImplemented,
  GetEndpointAttributes: NotImplemented,
  GetPlatformApplicationAttributes: NotImplemented,
  GetSMSAttributes: NotImplemented,
  GetSMSSandboxAccountStatus: NotImplemented,
  GetSubscriptionAttributes: getSubscriptionAttributes,
  GetTopicAttributes: getTopicAttributes,
  ListEndpointsByPlatformApplication: NotImplemented,
  ListOriginationNumbers: NotImplemented,
  ListPhoneNumbersOptedOut: NotImplemented,
  ListPlatformApplications: NotImplemented,
  ListSMSSandboxPhoneNumbers: NotImplemented,
  ListSubscriptions: listSubscriptions,
  ListSubscriptionsByTopic: listSubscriptionsByTopic,
  ListTagsForResource: listTagsForResource,
  ListTopics: listTopics,
  OptInPhoneNumber: NotImplemented,
  Publish: publish,
  PublishBatch: publishBatch,
  PutDataProtectionPolicy: NotImplemented,
  RemovePermission: removePermission,
  SetEndpointAttributes: NotImplemented,
  SetPlatformApplicationAttributes: NotImplemented,
  SetSMSAttributes: NotImplemented,
  SetSubscriptionAttributes: setSubscriptionAttributes,
  SetTopicAttributes: setTopicAttributes,
  Subscribe: subscribe,
  TagResource: tagResource,
  UntagResource: untagResource,
  Unsubscribe: unsubscribe,
  VerifySMSSandboxPhoneNumber: NotImplemented,
} satisfies Operations<ServiceModels['sns'], Sns>
