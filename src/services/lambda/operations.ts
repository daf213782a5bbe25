import { NotImplemented, type Operations } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import { addPermission } from './operations/add-permission.ts'
import { createFunction } from './operations/create-function.ts'
import { deleteFunctionConcurrency } from './operations/delete-function-concurrency.ts'
import { deleteFunctionEventInvokeConfig } from './operations/delete-function-event-invoke-config.ts'
import { deleteFunction } from './operations/delete-function.ts'
import { getAccountSettings } from './operations/get-account-settings.ts'
import {
  createCodeSigningConfig,
  deleteCodeSigningConfig,
  getCodeSigningConfig,
  listCodeSigningConfigs,
  listFunctionsByCodeSigningConfig,
  updateCodeSigningConfig,
} from './operations/code-signing-configs.ts'
import {
  deleteFunctionCodeSigningConfig,
  putFunctionCodeSigningConfig,
  getFunctionCodeSigningConfig,
} from './operations/function-code-signing-config.ts'
import { getRuntimeManagementConfig, putRuntimeManagementConfig } from './operations/runtime-management-config.ts'
import { invokeAsync } from './operations/invoke-async.ts'
import { getFunctionConcurrency } from './operations/get-function-concurrency.ts'
import { getFunctionConfiguration } from './operations/get-function-configuration.ts'
import { getFunctionEventInvokeConfig } from './operations/get-function-event-invoke-config.ts'
import { getFunctionRecursionConfig } from './operations/get-function-recursion-config.ts'
import { getFunction } from './operations/get-function.ts'
import { getPolicy } from './operations/get-policy.ts'
import { invoke } from './operations/invoke.ts'
import { listFunctionEventInvokeConfigs } from './operations/list-function-event-invoke-configs.ts'
import { listFunctions } from './operations/list-functions.ts'
import { listTags } from './operations/list-tags.ts'
import { listVersionsByFunction } from './operations/list-versions-by-function.ts'
import { putFunctionConcurrency } from './operations/put-function-concurrency.ts'
import { putFunctionEventInvokeConfig } from './operations/put-function-event-invoke-config.ts'
import { putFunctionRecursionConfig } from './operations/put-function-recursion-config.ts'
import { removePermission } from './operations/remove-permission.ts'
import { tagResource } from './operations/tag-resource.ts'
import { untagResource } from './operations/untag-resource.ts'
import { updateFunctionCode } from './operations/update-function-code.ts'
import { updateFunctionConfiguration } from './operations/update-function-configuration.ts'
import { updateFunctionEventInvokeConfig } from './operations/update-function-event-invoke-config.ts'
import { createAlias } from './operations/create-alias.ts'
import { deleteAlias } from './operations/delete-alias.ts'
import { getAlias } from './operations/get-alias.ts'
import { listAliases } from './operations/list-aliases.ts'
import { updateAlias } from './operations/update-alias.ts'
import { publishVersion } from './operations/publish-version.ts'
import { publishLayerVersion } from './operations/publish-layer-version.ts'
import { getLayerVersion, getLayerVersionByArn } from './operations/get-layer-version.ts'
import { deleteLayerVersion } from './operations/delete-layer-version.ts'
import { listLayers, listLayerVersions } from './operations/list-layers.ts'
import {
  addLayerVersionPermission,
  getLayerVersionPolicy,
  removeLayerVersionPermission,
} from './operations/layer-version-permissions.ts'
import { createEventSourceMapping } from './operations/create-event-source-mapping.ts'
import {
  getEventSourceMapping,
  updateEventSourceMapping,
  deleteEventSourceMapping,
  listEventSourceMappings,
} from './operations/event-source-mappings.ts'
import { invokeWithResponseStream } from './operations/invoke-with-response-stream.ts'
import {
  createFunctionUrlConfig,
  getFunctionUrlConfig,
  updateFunctionUrlConfig,
  deleteFunctionUrlConfig,
  listFunctionUrlConfigs,
} from './operations/function-url-configs.ts'
import { deleteProvisionedConcurrencyConfig } from './operations/delete-provisioned-concurrency-config.ts'
import { getProvisionedConcurrencyConfig } from './operations/get-provisioned-concurrency-config.ts'
import { listProvisionedConcurrencyConfigs } from './operations/list-provisioned-concurrency-configs.ts'
import { putProvisionedConcurrencyConfig } from './operations/put-provisioned-concurrency-config.ts'
import type { Lambda } from './service.ts'

/** Every operation of AWS Lambda, and what Millrace does with it. */
export const lambdaOperations = {
  AddLayerVersionPermission: addLayerVersionPermission,
  AddPermission: addPermission,
  CheckpointDurableExecution: NotImplemented,
  CreateAlias: createAlias,
  CreateCapacityProvider: NotImplemented,
  CreateCodeSigningConfig: createCodeSigningConfig,
  CreateEventSourceMapping: createEventSourceMapping,
  CreateFunction: createFunction,
  CreateFunctionUrlConfig: createFunctionUrlConfig,
  DeleteAlias: deleteAlias,
  DeleteCapacityProvider: NotImplemented,
  DeleteCodeSigningConfig: deleteCodeSigningConfig,
  DeleteEventSourceMapping: deleteEventSourceMapping,
  DeleteFunction: deleteFunction,
  DeleteFunctionCodeSigningConfig: deleteFunctionCodeSigningConfig,
  DeleteFunctionConcurrency: deleteFunctionConcurrency,
  DeleteFunctionEventInvokeConfig: deleteFunctionEventInvokeConfig,
  DeleteFunctionUrlConfig: deleteFunctionUrlConfig,
  DeleteLayerVersion: deleteLayerVersion,
  DeleteProvisionedConcurrencyConfig: deleteProvisionedConcurrencyConfig,
  DeleteResourcePolicy: NotImplemented,
  GetAccountSettings: getAccountSettings,
  GetAlias: getAlias,
  GetCapacityProvider: NotImplemented,
  GetCodeSigningConfig: getCodeSigningConfig,
  GetDurableExecution: NotImplemented,
  GetDurableExecutionHistory: NotImplemented,
  GetDurableExecutionState: NotImplemented,
  GetEventSourceMapping: getEventSourceMapping,
  GetFunction: getFunction,
  GetFunctionCodeSigningConfig: getFunctionCodeSigningConfig,
  GetFunctionConcurrency: getFunctionConcurrency,
  GetFunctionConfiguration: getFunctionConfiguration,
  GetFunctionEventInvokeConfig: getFunctionEventInvokeConfig,
  GetFunctionRecursionConfig: getFunctionRecursionConfig,
  GetFunctionScalingConfig: NotImplemented,
  GetFunctionUrlConfig: getFunctionUrlConfig,
  GetLayerVersion: getLayerVersion,
  GetLayerVersionByArn: getLayerVersionByArn,
  GetLayerVersionPolicy: getLayerVersionPolicy,
  GetPolicy: getPolicy,
  GetProvisionedConcurrencyConfig: getProvisionedConcurrencyConfig,
  GetResourcePolicy: NotImplemented,
  GetRuntimeManagementConfig: getRuntimeManagementConfig,
  Invoke: invoke,
  InvokeAsync: invokeAsync,
  InvokeWithResponseStream: invokeWithResponseStream,
  ListAliases: listAliases,
  ListCapacityProviders: NotImplemented,
  ListCodeSigningConfigs: listCodeSigningConfigs,
  ListDurableExecutionsByFunction: NotImplemented,
  ListEventSourceMappings: listEventSourceMappings,
  ListFunctionEventInvokeConfigs: listFunctionEventInvokeConfigs,
  ListFunctionUrlConfigs: listFunctionUrlConfigs,
  ListFunctionVersionsByCapacityProvider: NotImplemented,
  ListFunctions: listFunctions,
  ListFunctionsByCodeSigningConfig: listFunctionsByCodeSigningConfig,
  ListLayerVersions: listLayerVersions,
  ListLayers: listLayers,
  ListProvisionedConcurrencyConfigs: listProvisionedConcurrencyConfigs,
  ListTags: listTags,
  ListVersionsByFunction: listVersionsByFunction,
  PublishLayerVersion: publishLayerVersion,
  PublishVersion: publishVersion,
  PutFunctionCodeSigningConfig: putFunctionCodeSigningConfig,
  PutFunctionConcurrency: putFunctionConcurrency,
  PutFunctionEventInvokeConfig: putFunctionEventInvokeConfig,
  PutFunctionRecursionConfig: putFunctionRecursionConfig,
  PutFunctionScalingConfig: NotImplemented,
  PutProvisionedConcurrencyConfig: putProvisionedConcurrencyConfig,
  PutResourcePolicy: NotImplemented,
  PutRuntimeManagementConfig: putRuntimeManagementConfig,
  RemoveLayerVersionPermission: removeLayerVersionPermission,
  RemovePermission: removePermission,
  SendDurableExecutionCallbackFailure: NotImplemented,
  SendDurableExecutionCallbackHeartbeat: NotImplemented,
  SendDurableExecutionCallbackSuccess: NotImplemented,
  StopDurableExecution: NotImplemented,
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateAlias: updateAlias,
  UpdateCapacityProvider: NotImplemented,
  UpdateCodeSigningConfig: updateCodeSigningConfig,
  UpdateEventSourceMapping: updateEventSourceMapping,
  UpdateFunctionCode: updateFunctionCode,
  UpdateFunctionConfiguration: updateFunctionConfiguration,
  UpdateFunctionEventInvokeConfig: updateFunctionEventInvokeConfig,
  UpdateFunctionUrlConfig: updateFunctionUrlConfig,
} satisfies Operations<ServiceModels['lambda'], Lambda>
