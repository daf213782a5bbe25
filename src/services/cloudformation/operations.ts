import { NotImplemented, type Operations } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import { deleteChangeSet, describeChangeSet, describeChangeSetHooks, listChangeSets } from './operations/change-sets.ts'
import { createChangeSet } from './operations/create-change-set.ts'
import { createStack } from './operations/create-stack.ts'
import { describeStackEvents } from './operations/describe-stack-events.ts'
import { describeStacks, listStacks } from './operations/describe-stacks.ts'
import {
  describeStackDriftDetectionStatus,
  describeStackResourceDrifts,
  detectStackDrift,
  detectStackResourceDrift,
} from './operations/drift.ts'
import { executeChangeSet } from './operations/execute-change-set.ts'
import { listExports, listImports } from './operations/exports.ts'
import { getTemplate } from './operations/get-template.ts'
import { signalResource } from './operations/signal-resource.ts'
import { cancelUpdateStack, continueUpdateRollback, deleteStack, rollbackStack } from './operations/stack-operations.ts'
import { describeStackResource, describeStackResources, listStackResources } from './operations/stack-resources.ts'
import { getStackPolicy, setStackPolicy, updateTerminationProtection } from './operations/stack-settings.ts'
import { getTemplateSummary, validateTemplate } from './operations/template-summaries.ts'
import { updateStack } from './operations/update-stack.ts'
import type { CloudFormation } from './service.ts'

/** Every operation of AWS CloudFormation. Stack sets, generated templates and private types are about many accounts or what is outside of Millrace. */
export const operations = {
  ActivateOrganizationsAccess: NotImplemented,
  ActivateType: NotImplemented,
  BatchDescribeTypeConfigurations: NotImplemented,
  CancelUpdateStack: cancelUpdateStack,
  ContinueUpdateRollback: continueUpdateRollback,
  CreateChangeSet: createChangeSet,
  CreateGeneratedTemplate: NotImplemented,
  CreateStack: createStack,
  CreateStackInstances: NotImplemented,
  CreateStackRefactor: NotImplemented,
  CreateStackSet: NotImplemented,
  DeactivateOrganizationsAccess: NotImplemented,
  DeactivateType: NotImplemented,
  DeleteChangeSet: deleteChangeSet,
  DeleteGeneratedTemplate: NotImplemented,
  DeleteStack: deleteStack,
  DeleteStackInstances: NotImplemented,
  DeleteStackSet: NotImplemented,
  DeregisterType: NotImplemented,
  DescribeAccountLimits: NotImplemented,
  DescribeChangeSet: describeChangeSet,
  DescribeChangeSetHooks: describeChangeSetHooks,
  DescribeEvents: NotImplemented,
  DescribeGeneratedTemplate: NotImplemented,
  DescribeOrganizationsAccess: NotImplemented,
  DescribePublisher: NotImplemented,
  DescribeResourceScan: NotImplemented,
  DescribeStackDriftDetectionStatus: describeStackDriftDetectionStatus,
  DescribeStackEvents: describeStackEvents,
  DescribeStackInstance: NotImplemented,
  DescribeStackRefactor: NotImplemented,
  DescribeStackResource: describeStackResource,
  DescribeStackResourceDrifts: describeStackResourceDrifts,
  DescribeStackResources: describeStackResources,
  DescribeStackSet: NotImplemented,
  DescribeStackSetOperation: NotImplemented,
  DescribeStacks: describeStacks,
  DescribeType: NotImplemented,
  DescribeTypeRegistration: NotImplemented,
  DetectStackDrift: detectStackDrift,
  DetectStackResourceDrift: detectStackResourceDrift,
  DetectStackSetDrift: NotImplemented,
  EstimateTemplateCost: NotImplemented,
  ExecuteChangeSet: executeChangeSet,
  ExecuteStackRefactor: NotImplemented,
  GetGeneratedTemplate: NotImplemented,
  GetHookResult: NotImplemented,
  GetStackPolicy: getStackPolicy,
  GetTemplate: getTemplate,
  GetTemplateSummary: getTemplateSummary,
  ImportStacksToStackSet: NotImplemented,
  ListChangeSets: listChangeSets,
  ListExports: listExports,
  ListGeneratedTemplates: NotImplemented,
  ListHookResults: NotImplemented,
  ListImports: listImports,
  ListResourceScanRelatedResources: NotImplemented,
  ListResourceScanResources: NotImplemented,
  ListResourceScans: NotImplemented,
  ListStackInstanceResourceDrifts: NotImplemented,
  ListStackInstances: NotImplemented,
  ListStackRefactorActions: NotImplemented,
  ListStackRefactors: NotImplemented,
  ListStackResources: listStackResources,
  ListStackSetAutoDeploymentTargets: NotImplemented,
  ListStackSetOperationResults: NotImplemented,
  ListStackSetOperations: NotImplemented,
  ListStackSets: NotImplemented,
  ListStacks: listStacks,
  ListTypeRegistrations: NotImplemented,
  ListTypeVersions: NotImplemented,
  ListTypes: NotImplemented,
  PublishType: NotImplemented,
  RecordHandlerProgress: NotImplemented,
  RegisterPublisher: NotImplemented,
  RegisterType: NotImplemented,
  RemoveAlias: NotImplemented,
  RollbackStack: rollbackStack,
  SetAlias: NotImplemented,
  SetStackPolicy: setStackPolicy,
  SetTypeConfiguration: NotImplemented,
  SetTypeDefaultVersion: NotImplemented,
  SignalResource: signalResource,
  StartResourceScan: NotImplemented,
  StopStackSetOperation: NotImplemented,
  TestType: NotImplemented,
  UpdateGeneratedTemplate: NotImplemented,
  UpdateStack: updateStack,
  UpdateStackInstances: NotImplemented,
  UpdateStackSet: NotImplemented,
  UpdateTerminationProtection: updateTerminationProtection,
  ValidateTemplate: validateTemplate,
} satisfies Operations<ServiceModels['cloudformation'], CloudFormation>
