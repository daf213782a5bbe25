import type { Operations } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import { changeMessageVisibility, changeMessageVisibilityBatch } from './operations/change-message-visibility.ts'
import { createQueue } from './operations/create-queue.ts'
import { deleteMessage, deleteMessageBatch } from './operations/delete-message.ts'
import { cancelMessageMoveTask, listMessageMoveTasks, startMessageMoveTask } from './operations/message-move-tasks.ts'
import { addPermission, removePermission } from './operations/permissions.ts'
import { purgeQueue } from './operations/purge-queue.ts'
import { getQueueAttributes, setQueueAttributes } from './operations/queue-attributes.ts'
import { deleteQueue, getQueueUrl, listDeadLetterSourceQueues, listQueues } from './operations/queue-urls.ts'
import { receiveMessage } from './operations/receive-message.ts'
import { sendMessage, sendMessageBatch } from './operations/send-message.ts'
import { listQueueTags, tagQueue, untagQueue } from './operations/tagging.ts'
import type { Sqs } from './service.ts'

/** Every operation of Amazon SQS. */
export const operations = {
  AddPermission: addPermission,
  CancelMessageMoveTask: cancelMessageMoveTask,
  ChangeMessageVisibility: changeMessageVisibility,
  ChangeMessageVisibilityBatch: changeMessageVisibilityBatch,
  CreateQueue: createQueue,
  DeleteMessage: deleteMessage,
  DeleteMessageBatch: deleteMessageBatch,
  DeleteQueue: deleteQueue,
  GetQueueAttributes: getQueueAttributes,
  GetQueueUrl: getQueueUrl,
  ListDeadLetterSourceQueues: listDeadLetterSourceQueues,
  ListMessageMoveTasks: listMessageMoveTasks,
  ListQueueTags: listQueueTags,
  ListQueues: listQueues,
  PurgeQueue: purgeQueue,
  ReceiveMessage: receiveMessage,
  RemovePermission: removePermission,
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
  SetQueueAttributes: setQueueAttributes,
  StartMessageMoveTask: startMessageMoveTask,
  TagQueue: tagQueue,
  UntagQueue: untagQueue,
} satisfies Operations<ServiceModels['sqs'], Sqs>
