import type { Operations } from '../../protocol/operation.ts'
import type { SchedulerModel } from './model.ts'
import {
  CreateScheduleGroup,
  DeleteScheduleGroup,
  GetScheduleGroup,
  ListScheduleGroups,
} from './operations/schedule-groups.ts'
import { CreateSchedule, DeleteSchedule, GetSchedule, ListSchedules, UpdateSchedule } from './operations/schedules.ts'
import { ListTagsForResource, TagResource, UntagResource } from './operations/tagging.ts'
import type { Scheduler } from './service.ts'

/** EventBridge Scheduler. */
export const operations = {
  CreateSchedule,
  CreateScheduleGroup,
  DeleteSchedule,
  DeleteScheduleGroup,
  GetSchedule,
  GetScheduleGroup,
  ListScheduleGroups,
  ListSchedules,
  ListTagsForResource,
  TagResource,
  UntagResource,
  UpdateSchedule,
} satisfies Operations<SchedulerModel, Scheduler>
