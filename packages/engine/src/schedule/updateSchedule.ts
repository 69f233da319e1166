/** Changes what a schedule is: fields that are given replace those that it has, null removes one. */
import { decodePayload } from "@backbeat/contract/decodePayload"
import { scheduleCreate } from "@backbeat/contract/operation/schedule"
import type { ScheduleChanges } from "@backbeat/contract/operation/scheduleInput"
import { problem, type Problem } from "@backbeat/contract/Problem"
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import type { Definition, Schedule } from "@backbeat/core/schedule/Schedule"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Struct from "effect/Struct"
import { isAbsolute, resolve } from "node:path"
import type { FullTx } from "../commit/CommitRules.ts"
import { Transitions } from "../commit/Transitions.ts"
import { writeStored } from "../creation/storeEnvironment.ts"
import type { Origin } from "../creation/Origin.ts"
import { Home } from "../home/Home.ts"
import {
  clearScheduleEnvironments,
  readScheduleEnvironment,
  saveScheduleEnvironment,
  type ScheduleEnvironment
} from "../home/ScheduleEnvironment.ts"
import { once } from "../wiring/once.ts"
import { makeChangeSchedule } from "./changeSchedule.ts"
import { makeCheckDefinition } from "./checkDefinition.ts"
import { type Defined, definitionOf, payloadOf } from "./definitionOf.ts"
import { makeFindSchedule } from "./findSchedule.ts"
import { toScheduleProblem } from "./problems.ts"
import { type Payload } from "./workKinds.ts"

/** Of these a payload has one: another one takes its place. */
const alternatives: ReadonlyArray<string> = ["command", "script", "prompt", "steps", "tasks"]

/** What goes with one of them only. */
const companions: Readonly<Record<string, ReadonlyArray<string>>> = {
  command: ["args"],
  prompt: [
    "agent",
    "model",
    "effort",
    "systemPrompt",
    "permissionMode",
    "maxTurns",
    "maxCostUsd",
    "outputSchema"
  ]
}

const isGiven = (changes: Payload, name: string): boolean =>
  changes[name] !== undefined && changes[name] !== null

/** What the schedule has and the changes leave. */
const withoutReplaced = (before: Payload, changes: Payload): Payload => {
  const dropped = new Set<string>()
  const work = alternatives.find((name) => isGiven(changes, name))
  if (work !== undefined)
    for (const name of alternatives)
      if (name !== work) for (const each of [name, ...(companions[name] ?? [])]) dropped.add(each)
  if (isGiven(changes, "cronExpression")) dropped.add("scheduledAt").add("scheduleType")
  if (isGiven(changes, "scheduledAt")) dropped.add("cronExpression").add("scheduleType")
  if (changes["scheduleType"] === "manual")
    for (const name of ["cronExpression", "scheduledAt", "timezone", "jitterMs", "missedRunPolicy"])
      dropped.add(name)
  return Struct.omit(before, [...dropped])
}

/** The payload after the changes. */
const merged = (schedule: Schedule, changes: Payload): Payload =>
  Object.fromEntries(
    Object.entries({ ...withoutReplaced(payloadOf(schedule), changes), ...changes }).filter(
      ([, value]) => value !== null && value !== undefined
    )
  )

/** The instant of a one-time schedule stays what it is, also when it has passed. */
const isUntimed = (changes: Payload): boolean =>
  ["scheduleType", "cronExpression", "timezone", "scheduledAt", "jitterMs"].every(
    (name) => changes[name] === undefined
  )

const changesEnvironment = (changes: Payload, { given }: Defined): boolean =>
  changes["env"] !== undefined ||
  changes["inheritEnv"] === true ||
  Object.keys(given).some((path) => path !== "")

/** The environment after the changes: that of the caller where they bring variables, else the one that is kept. */
const environmentAfter = (
  kept: ScheduleEnvironment | null,
  defined: Defined,
  { changes, origin }: { readonly changes: Payload; readonly origin: Origin }
): ScheduleEnvironment => {
  if (kept === null || changesEnvironment(changes, defined))
    return { inherited: origin.environment, given: defined.given }
  const isOtherWork = alternatives.some((name) => isGiven(changes, name))
  return {
    inherited: kept.inherited,
    given: isOtherWork
      ? Struct.pick(
          kept.given,
          [""].filter((path) => path in kept.given)
        )
      : kept.given
  }
}

/** What of it stays as it was made. */
const surroundingsAfter = (
  { surroundings }: Schedule,
  { key, cwd }: { readonly key: string; readonly cwd: string | null }
): Definition["surroundings"] => ({
  ...surroundings,
  environmentKey: key,
  ...(cwd === null ? {} : { cwd })
})

/** Somebody has changed it: the caller gets what it is now. */
const conflict = (told: Problem, schedule: Schedule): Problem =>
  told.type === "RevisionConflict"
    ? problem(told.type, told.message, told.hint, {
        ...told.details,
        schedule: { id: schedule.id, status: schedule.state.status, ...payloadOf(schedule) }
      })
    : told

/** What the schedule is after the changes. Fails with CommandInputError. */
const definedFor = (schedule: Schedule, changes: Payload, origin: Origin, now: number) =>
  Result.gen(function* () {
    const input = yield* decodePayload(scheduleCreate, merged(schedule, changes))
    const isSame = isUntimed(changes)
    // A time that has passed is no mistake of this change.
    const asked =
      isSame && schedule.timing.type === "one_time"
        ? Struct.omit({ ...input, scheduleType: "manual" as const }, [
            "scheduledAt",
            "missedRunPolicy",
            "jitterMs"
          ])
        : input
    const defined = yield* definitionOf(asked, origin, now)
    const { definition } = defined
    return isSame
      ? {
          ...defined,
          definition: {
            ...definition,
            timing: schedule.timing,
            policy: {
              ...definition.policy,
              missedRunPolicy: input.missedRunPolicy ?? schedule.policy.missedRunPolicy
            }
          }
        }
      : defined
  })

/** Changes schedules; made once. */
export const makeScheduleUpdate = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const aggregates = yield* AggregateStore
    const transitions = yield* Transitions
    const find = yield* makeFindSchedule
    const change = yield* makeChangeSchedule
    const check = yield* makeCheckDefinition

    const updateIn = Effect.fnUntraced(function* (
      tx: FullTx,
      { id, revision, ...given }: ScheduleChanges,
      origin: Origin
    ) {
      const changes = Struct.omit(given, ["full"])
      const schedule = yield* find(id)
      const defined = yield* Effect.fromResult(definedFor(schedule, changes, origin, tx.now))
      const { cwd } = changes
      const folder =
        typeof cwd === "string" ? (isAbsolute(cwd) ? cwd : resolve(origin.cwd, cwd)) : null
      const before = readScheduleEnvironment(root, id, schedule.surroundings.environmentKey)
      const environment = environmentAfter(before, defined, { changes, origin })
      const isKept = JSON.stringify(before) === JSON.stringify(environment)
      const key = isKept ? schedule.surroundings.environmentKey : origin.requestId
      const definition = {
        ...defined.definition,
        surroundings: surroundingsAfter(schedule, { key, cwd: folder }),
        work: {
          ...defined.definition.work,
          envKeys: [...new Set(Object.values(environment.given).flatMap(Object.keys))].toSorted()
        }
      }
      if (schedule.revision === revision)
        yield* check(tx, { id, definition, owner: schedule.owner, environment })
      if (!isKept)
        yield* writeStored(id, () => saveScheduleEnvironment(root, { id, key }, environment))
      return yield* change(
        tx,
        schedule,
        { type: "Update", definition, changed: Object.keys(changes), revision },
        origin.actor
      )
    })

    return Effect.fnUntraced(function* (input: ScheduleChanges, origin: Origin) {
      const { id } = input
      const updated = yield* transitions
        .commit((tx) => updateIn(tx, input, origin))
        .pipe(
          Effect.mapError(toScheduleProblem),
          Effect.catch((told) =>
            Effect.flatMap(find(id), (now) => Effect.fail(conflict(told, now)))
          )
        )
      const stored = yield* Effect.mapError(
        aggregates.find(scheduleAggregate, id),
        toScheduleProblem
      )
      if (stored !== null) clearScheduleEnvironments(root, id, stored.surroundings.environmentKey)
      return updated
    })
  })
)
