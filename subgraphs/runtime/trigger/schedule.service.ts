import { LockMode } from "@mikro-orm/core";
import type { FilterQuery } from "@mikro-orm/postgresql";
import type { Tx } from "#shared/db/database.ts";
import { Turns } from "#shared/evaluation/turns.ts";
import { checkJson, checkName, checkRange, checkStorableText, checkText, excerpt, given } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import type { JsonObject } from "#shared/json.ts";
import { LruCache } from "#shared/lru-cache.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import { runtimeErrors } from "../errors.ts";
import { checkInput } from "../graph/run-input.ts";
import { compileRun } from "../plan/compile.ts";
import { cronProblem, isZone, nextTime, nextTimes, type CronClock } from "./cron-times.ts";
import { Schedule } from "./schedule.entity.ts";
import type { CreateScheduleInput, ScheduleFilter, UpdateScheduleInput } from "./schedule.inputs.ts";
import type { TriggerContext } from "./trigger.context.ts";
import type { TriggerStatus } from "./trigger.enums.ts";

/** Schedules of one tenant. */
const maxSchedules = 10_000;
const inputBytes = 64 * 1024;
const mostTimes = 10;

/**
 * A time takes a tenth of a millisecond to find, a rare one (a Monday that is a 29th of February) ten times as long; a page may have two hundred schedules, and a
 * document two hundred aliases for the times of each. So each schedule's are found once, as many as are
 * asked for, and in turns of the main loop.
 */
const timesFound = new LruCache<{ asked: number; times: readonly Date[] }>({ entries: 1_000 });
const findTurns = new Turns();

/**
 * Makes a schedule. Its workflow must be able to run now.
 *
 * @throws AppError CRON_INVALID, CRON_NEVER, ZONE_UNKNOWN, SCHEDULES_LIMIT, those of compileRun, checkName and checkJson
 */
export async function createSchedule(context: TriggerContext, input: CreateScheduleInput): Promise<Schedule> {
  const { db } = context;
  const name = checkStorableText("name", checkName(input.name));
  const clock = checkClock({ cron: input.cron, zone: input.zone ?? "UTC" });
  const runInput = checkJson("input", input.input ?? {}, inputBytes);
  const { workflowId, workflowVersionId } = await checkRuns(context, { ...input, input: runInput });
  return db.transaction(async (tx) => {
    if ((await tx.em.count(Schedule, {})) >= maxSchedules) throw runtimeErrors.SCHEDULES_LIMIT({ limit: maxSchedules });
    const now = await databaseNow(tx);
    const schedule = { id: newId(), tenantId: db.tenantId, name, workflowId, workflowVersionId, ...clock, input: runInput };
    const { missed } = input;
    return tx.em.create(Schedule, {
      ...schedule,
      ...{ missed: missed ?? "SKIP", status: "ACTIVE", revision: 1, attempts: 0, createdAt: now, updatedAt: now },
      ...due(clock, now),
      ...{ lastPlannedAt: null, lastFiredAt: null, lastRunId: null, lastMissedAt: null },
      ...noError,
    });
  });
}

/** Changes what is given. Where it goes by another clock, its next time is that clock's. @throws AppError SCHEDULE_NOT_FOUND, and as {@link createSchedule} */
export async function updateSchedule(context: TriggerContext, id: string, input: UpdateScheduleInput): Promise<Schedule> {
  const { cron, zone, missed, workflowVersionId: versionId } = input;
  const name = given(input.name) ? checkStorableText("name", checkName(input.name)) : undefined;
  const runInput = given(input.input) ? checkJson("input", input.input, inputBytes) : undefined;
  const before = await scheduleById(context, id);
  const { workflowId, workflowVersionId } = before;
  if (versionId !== undefined || runInput !== undefined) {
    const asked = versionId === undefined ? workflowVersionId : versionId;
    await checkRuns(context, { workflowId, workflowVersionId: asked, input: runInput ?? before.input });
  }
  return change(context, id, (schedule, now) => {
    const clock = { cron: cron ?? schedule.cron, zone: zone ?? schedule.zone };
    const isOther = clock.cron !== schedule.cron || clock.zone !== schedule.zone;
    if (isOther) Object.assign(schedule, checkClock(clock), schedule.status === "ACTIVE" && due(clock, now));
    if (name !== undefined) schedule.name = name;
    if (runInput !== undefined) schedule.input = runInput;
    if (given(missed)) schedule.missed = missed;
    if (versionId !== undefined) schedule.workflowVersionId = versionId;
    // Whatever was refused may be mended, and whoever has it in hand fires nothing any more: it is tried now.
    schedule.dueAt = schedule.nextAt;
    return true;
  });
}

/** Pauses it or lets it go on, with the next time from now on. May be called again. @throws AppError SCHEDULE_NOT_FOUND */
export function setScheduleStatus(context: TriggerContext, id: string, status: TriggerStatus): Promise<Schedule> {
  return change(context, id, (schedule, now) => {
    if (schedule.status === status) return false;
    schedule.status = status;
    Object.assign(schedule, { attempts: 0, ...noError }, status === "ACTIVE" ? due(schedule, now) : { nextAt: null, dueAt: null });
    return true;
  });
}

/** Deletes it; its runs stay. @throws AppError SCHEDULE_NOT_FOUND */
export function deleteSchedule({ db }: TriggerContext, id: string): Promise<Schedule> {
  return db.transaction(async (tx) => {
    const schedule = await lockSchedule(tx, id);
    tx.em.remove(schedule);
    return schedule;
  });
}

/** Its next times by the database's clock; [] while it is paused. @throws AppError NUMBER_OUT_OF_RANGE */
export async function scheduleTimes({ cron, zone, nextAt }: Schedule, first: number): Promise<Date[]> {
  const count = checkRange("first", first, { min: 1, max: mostTimes });
  if (nextAt === null) return [];
  if (count === 1) return [nextAt];
  await findTurns.next();
  const key = `${zone} ${cron} ${nextAt.toISOString()}`;
  let kept = timesFound.get(key);
  // Fewer than were asked for: there are no more.
  if (kept === undefined || (kept.asked < count - 1 && kept.times.length === kept.asked)) {
    kept = { asked: count - 1, times: nextTimes({ cron, zone }, nextAt, count - 1) };
    timesFound.set(key, kept);
  }
  return [nextAt, ...kept.times.slice(0, count - 1)];
}

/** The condition that a filter stands for. */
export function scheduleCondition(filter: ScheduleFilter | null | undefined): FilterQuery<Schedule> {
  const { workflowId, status } = filter ?? {};
  return { ...(workflowId != null && { workflowId }), ...(status != null && { status }) };
}

/** What of a schedule is changed by its owner: no firing of what it was before holds. @param apply  says whether it has changed anything. */
function change({ db }: TriggerContext, id: string, apply: (schedule: Schedule, now: Date) => boolean): Promise<Schedule> {
  return db.transaction(async (tx) => {
    const schedule = await lockSchedule(tx, id);
    const now = await databaseNow(tx);
    if (!apply(schedule, now)) return schedule;
    schedule.revision++;
    schedule.updatedAt = now;
    return schedule;
  });
}

const noError = { errorCode: null, errorReason: null, errorMessage: null, errorAt: null };

/** @throws AppError CRON_NEVER */
function due(clock: CronClock, now: Date): Pick<Schedule, "nextAt" | "dueAt"> {
  const nextAt = nextTime(clock, now);
  if (nextAt === null) throw runtimeErrors.CRON_NEVER({ field: "cron", value: clock.cron });
  return { nextAt, dueAt: nextAt };
}

/** @throws AppError CRON_INVALID, ZONE_UNKNOWN, those of checkText */
function checkClock({ cron, zone }: CronClock): CronClock {
  checkText("cron", cron, { min: 1, max: 200 });
  const problem = cronProblem(cron);
  if (problem !== undefined) throw runtimeErrors.CRON_INVALID({ field: "cron", value: excerpt(cron), problem });
  if (!isZone(zone)) throw runtimeErrors.ZONE_UNKNOWN({ field: "zone", value: excerpt(zone) });
  return { cron: cron.trim(), zone };
}

/** The workflow and its version as they are named, where they can run, with the input. @throws AppError those of compileRun and checkInput */
export async function checkRuns(
  context: TriggerContext,
  { workflowId, workflowVersionId = null, input }: { workflowId: string; workflowVersionId?: string | null; input?: JsonObject },
): Promise<{ workflowId: string; workflowVersionId: string | null }> {
  const { call, db, services } = context;
  const runs = await compileRun({ call, documents: services.documents }, requestInfoOf(context), { workflowId, workflowVersionId });
  if (input !== undefined) await checkInput(db.tenantId, { versionId: runs.workflowVersionId, schema: runs.inputSchema, input });
  return { workflowId, workflowVersionId };
}

/** The database's clock: what schedules go by. */
export async function databaseNow(tx: Tx): Promise<Date> {
  const [row] = await tx.sql<{ ms: number }>("select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms");
  return new Date(Math.floor(row!.ms));
}

async function scheduleById({ db }: TriggerContext, id: string): Promise<Schedule> {
  const schedule = await db.read(({ em }) => em.findOne(Schedule, { id }));
  if (schedule === null) throw runtimeErrors.SCHEDULE_NOT_FOUND({ id });
  return schedule;
}

async function lockSchedule({ em }: Tx, id: string): Promise<Schedule> {
  const schedule = await em.findOne(Schedule, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (schedule === null) throw runtimeErrors.SCHEDULE_NOT_FOUND({ id });
  return schedule;
}
