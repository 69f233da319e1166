/** Makes the run of a tick in the transaction of the tick: with the environment, the folder and the owner that its schedule keeps. */
import type { Problem } from "@backbeat/contract/Problem"
import { commandLine } from "@backbeat/contract/surface/commandLine"
import { writeText } from "@backbeat/contract/surface/Surface"
import type { Actor } from "@backbeat/core/history/Actor"
import type { DueTick } from "@backbeat/core/schedule/planTick"
import type { Schedule } from "@backbeat/core/schedule/Schedule"
import type { Outcome } from "@backbeat/core/schedule/ScheduleCommand"
import { runIdOf } from "@backbeat/core/schedule/ScheduleId"
import type { Run } from "@backbeat/core/schedule/Tick"
import { Database } from "@backbeat/store/Database"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import { resultOf, toProblem } from "../call/Call.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import type { CreationContext } from "../creation/createTask.ts"
import { storeEnvironment } from "../creation/storeEnvironment.ts"
import { makeFreeIds } from "../creation/freeIds.ts"
import type { Origin } from "../creation/Origin.ts"
import { Home } from "../home/Home.ts"
import { homeIdOf } from "../home/homeId.ts"
import { readScheduleEnvironment, type ScheduleEnvironment } from "../home/ScheduleEnvironment.ts"
import { once } from "../wiring/once.ts"
import { wrongField } from "../call/wrongField.ts"
import { makeStartRun } from "./workKinds.ts"

/** What a schedule does when it ticks. */
export const schedule: Actor = { kind: "schedule" }

/** What is kept of the environment is gone: somebody has removed the file. */
const environmentGone = wrongField(
  "env",
  "the environment that was kept for the schedule is gone",
  "Update the schedule with inheritEnv true to keep the caller's environment."
)

/** Refusals that say that the schedule itself can never run as it stands. What is missing now may come back. */
const isInvalid = ({ type, path }: Problem): boolean =>
  type === "CommandInputError" && path !== "cwd" && path !== "agent"

/** The sentence of a refusal, as the history keeps it. */
const textOf = ({ message, path }: Problem): string => {
  const text = writeText(message, commandLine, path) ?? ""
  return path === undefined ? text : `${path}: ${text}`
}

/** A tick, on whose behalf it runs, and how its environment is kept until that is certain. */
export interface RunRequest {
  readonly tick: DueTick
  readonly actor: Actor
  readonly takeBacks: Array<() => void>
}

/** On whose behalf a run is made: as its maker would have started it. */
const originOf = (
  { owner, surroundings }: Schedule,
  {
    runId,
    actor,
    environment
  }: {
    readonly runId: string
    readonly actor: Actor
    readonly environment: ScheduleEnvironment
  },
  { now, root }: { readonly now: number; readonly root: string }
): Origin => ({
  actor,
  owner: {
    sessionId: owner.sessionId,
    taskId: owner.taskId,
    depth: owner.depth + 1,
    ...(owner.client === undefined ? {} : { client: owner.client }),
    ...(owner.terminal === undefined ? {} : { terminal: owner.terminal })
  },
  // It becomes part of a file's name.
  requestId: runId.replaceAll(/[^A-Za-z0-9_-]/gu, "-"),
  requestedAt: now,
  repeated: false,
  machine: homeIdOf(root) ?? null,
  cwd: surroundings.cwd,
  umask: surroundings.umask,
  environment: environment.inherited,
  processLimits: surroundings.processLimits ?? null,
  batch: null
})

const isoOf = (instant: number): string => new Date(instant).toISOString()

/** Makes runs; made once. */
export const makeRuns = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const database = yield* Database
    const startRun = yield* makeStartRun
    const { freeIds } = yield* makeFreeIds

    /** Starts the run in the transaction. Fails with what refuses it. */
    const start = Effect.fnUntraced(function* (
      tx: FullTx,
      made: Schedule,
      environment: ScheduleEnvironment,
      {
        tick,
        actor,
        saveEnvironment
      }: Pick<RunRequest, "tick" | "actor"> & Pick<CreationContext, "saveEnvironment">
    ) {
      const [id = ""] = yield* freeIds([runIdOf(made.id, tick)])
      const source = {
        kind: "schedule",
        id: made.id,
        variables: {
          BACKBEAT_SCHEDULE_ID: made.id,
          BACKBEAT_SCHEDULED_FOR: isoOf(tick.tick)
        }
      }
      const origin = originOf(made, { runId: id, actor, environment }, { now: tx.now, root })
      return yield* startRun(
        tx,
        {
          id,
          // A folder that is gone is then told of before anything starts.
          payload: { cwd: made.surroundings.cwd, ...made.work.payload },
          given: environment.given,
          source
        },
        { origin, saveEnvironment, seen: new Map() }
      )
    })

    /** Makes the run of a tick. Of one that is refused nothing is left. */
    const make = (
      tx: FullTx,
      made: Schedule,
      request: RunRequest
    ): Effect.Effect<Result.Result<Run, Problem>, StoreError> => {
      const own: Array<() => void> = []
      const saveEnvironment: CreationContext["saveEnvironment"] = (id, requestId, env) =>
        Effect.map(
          storeEnvironment(root, id, requestId, env),
          (takeBack) => void own.push(takeBack)
        )
      const environment = readScheduleEnvironment(root, made.id, made.surroundings.environmentKey)
      if (environment === null) return Effect.succeed(Result.fail(environmentGone))
      return resultOf(
        database.transact(start(tx, made, environment, { ...request, saveEnvironment }))
      ).pipe(
        Effect.onExit((exit) =>
          Effect.sync(() => {
            if (Exit.isSuccess(exit) && Result.isSuccess(exit.value)) request.takeBacks.push(...own)
            else for (const each of own.toReversed()) each()
          })
        )
      )
    }

    /** What became of the run of a tick, for the decision about that tick. */
    const outcome = (tx: FullTx, made: Schedule, request: RunRequest) =>
      Effect.map(
        make(tx, made, request),
        Result.match({
          onSuccess: (run): Outcome => ({ type: "started", run }),
          onFailure: (told): Outcome => ({
            type: "refused",
            error: told.type,
            message: textOf(told),
            invalid: isInvalid(told)
          })
        })
      )

    /** Plays the run of a definition that is to be. Fails with what would refuse it. */
    const rehearse = (tx: FullTx, made: Schedule, environment: ScheduleEnvironment) =>
      Effect.mapError(
        start(tx, made, environment, {
          tick: { tick: tx.now, manual: true },
          actor: schedule,
          saveEnvironment: () => Effect.void
        }),
        toProblem
      )

    return { make, outcome, rehearse }
  })
)
