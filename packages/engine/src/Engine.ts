/**
 * The engine: one per home. Builds all layers on a store, serves until it is asked to end, and
 * shuts down in order.
 */
import type { StoreError } from "@backbeat/store/StoreError"
import type { Stores } from "@backbeat/store/Stores"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { layerAdmission } from "./queue/Admission.ts"
import { layerAgentAttempts } from "./agent/AgentAttempts.ts"
import { keepAdmission } from "./queue/keepAdmission.ts"
import { layerEmbedded } from "./queue/Dispatch.ts"
import { layerPauses } from "./queue/Pauses.ts"
import { layerResources } from "./queue/Resources.ts"
import type { Problem } from "@backbeat/contract/Problem"
import { toProblem } from "./call/Call.ts"
import { layerView } from "./view/View.ts"
import { Home } from "./home/Home.ts"
import { knowHomeId } from "./home/homeId.ts"
import { identifyHome } from "./home/identifyHome.ts"
import { layerSettings, Settings } from "./configuration/Settings.ts"
import { writeNotice, logTo, onTerminal, reportStartup } from "./life/announce.ts"
import type { LockHandle } from "./life/acquireHomeLock.ts"
import { logCommits } from "./supervisor/logCommits.ts"
import { jsonLine, layerEngineLog, logFrom, plainLine } from "./life/engineLog.ts"
import { HomeLock } from "./life/HomeLock.ts"
import { freeMemory } from "./life/trimMemoryWhenIdle.ts"
import { layerIdleness } from "./supervisor/Idleness.ts"
import { makeShutdown, Shutdown } from "./life/Shutdown.ts"
import { layerNotifications } from "./notify/Notifications.ts"
import { layerProbes } from "./probe/Probes.ts"
import { layerCommitRules } from "./rules/layerCommitRules.ts"
import { serve } from "./server/Server.ts"
import { layerClearings } from "./attempt/Clearings.ts"
import { disown } from "./supervisor/disown.ts"
import { layerDelays } from "./attempt/Delays.ts"
import { layerStops } from "./attempt/Stops.ts"
import { layerDeadlines } from "./supervisor/Deadlines.ts"
import { dueSources } from "./supervisor/dueSources.ts"
import { keepAggregatesDue } from "./supervisor/keepAggregatesDue.ts"
import { makeForgetLoops } from "./loop/forgetLoops.ts"
import { keepLoops } from "./loop/keepLoops.ts"
import { keepDue } from "./supervisor/Due.ts"
import { layerMonitoredAttempts } from "./attempt/MonitoredAttempts.ts"
import { recover } from "./supervisor/recover.ts"
import { layerReports } from "./commit/Reports.ts"
import { keepRetention } from "./retention/retention.ts"
import { describeOrphanedTasks, makeFindOrphanedTasks } from "./attempt/orphanedTasks.ts"
import { layerSupervisor } from "./supervisor/Supervisor.ts"
import { layerTransitions } from "./commit/Transitions.ts"
import { layerInstances } from "./wiring/once.ts"
import { layerAlarm } from "./alarm/Alarm.ts"

/** The home, version and environment of an engine. */
export interface EngineOptions {
  readonly root: string
  readonly configPath: string
  readonly version: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Whether `serve` runs it: it does not exit when idle, and its log goes to stderr. Default false. */
  readonly inForeground?: boolean
  /** Called once the engine serves, for work that can wait until then. */
  readonly onServing: () => void
}

/**
 * The delay (ms) of background work, so that the call which started the engine is answered first.
 */
const backgroundDelayMs = 50

/** How long (ms) open answers may take to be sent after the home is released. */
const drainMs = 250

/** All layers of an engine, on a store. */
export const layerEngine = (
  {
    root,
    configPath,
    version,
    environment,
    inForeground = false
  }: Omit<EngineOptions, "onServing">,
  layerStore: Layer.Layer<Stores, StoreError>,
  whenIdle = freeMemory
) => {
  const layerHome = Layer.succeed(Home, { root, configPath, version })
  return layerView.pipe(
    Layer.provideMerge(layerSupervisor),
    Layer.provideMerge(Layer.mergeAll(layerProbes, layerDeadlines, layerNotifications)),
    Layer.provideMerge(
      Layer.mergeAll(
        layerReports,
        layerIdleness({ freeMemory: whenIdle, exits: !inForeground }),
        layerAgentAttempts
      )
    ),
    Layer.provideMerge(Layer.provide(layerTransitions, layerCommitRules)),
    Layer.provideMerge(layerMonitoredAttempts),
    Layer.provideMerge(
      Layer.mergeAll(
        Layer.provide(layerAdmission, layerResources),
        layerPauses,
        layerEmbedded,
        layerClearings,
        layerDelays,
        layerStops
      )
    ),
    Layer.provideMerge(Layer.mergeAll(layerAlarm, layerSettings(environment))),
    // Closed after everything that writes to it.
    Layer.provideMerge(layerStore),
    Layer.provideMerge(Layer.merge(layerHome, layerInstances))
  )
}

/** Logged before the cleanup removes these folders. */
const logOrphanedTasks = Effect.gen(function* () {
  const orphanedTasks = yield* yield* makeFindOrphanedTasks
  if (orphanedTasks.length > 0) yield* Effect.logWarning(describeOrphanedTasks(orphanedTasks))
}).pipe(
  Effect.catch((error) =>
    Effect.logWarning(`the folders of tasks were not compared with the database: ${error.message}`)
  )
)

/** Starts the work of an engine: first recovery, then what is due. Runs until the scope ends. */
export const beginWork = Effect.gen(function* () {
  const { root } = yield* Home
  const identity = yield* identifyHome
  knowHomeId(root, identity.record.id)
  if (identity.copyOf !== null) yield* disown(identity, identity.copyOf)
  yield* keepAdmission
  yield* recover
  yield* keepDue
  yield* keepAggregatesDue(dueSources)
  yield* keepLoops
})

/** Runs the engine until a shutdown is requested. */
const runUntilShutdown = (options: EngineOptions, layerStore: Layer.Layer<Stores, StoreError>) =>
  Effect.gen(function* () {
    const settings = yield* Settings
    const shutdown = yield* Shutdown
    logFrom(settings.current().logLevel)
    yield* logCommits
    yield* Effect.gen(function* () {
      yield* beginWork
      const { watchHome } = yield* serve
      const notice = { state: "ready", pid: process.pid, version: options.version } as const
      reportStartup(notice)
      if (!onTerminal() && options.inForeground !== true) logTo(options.root, 1)
      writeNotice(options.root, notice)
      options.onServing()
      yield* Effect.forkScoped(
        Effect.gen(function* () {
          yield* Effect.sleep(backgroundDelayMs)
          yield* watchHome
          yield* Effect.logInfo(`engine ${options.version} serves ${options.root}`)
          yield* logOrphanedTasks
          yield* keepRetention([yield* makeForgetLoops])
        })
      )
      const reason = yield* shutdown.requested
      yield* Effect.logInfo(`engine ends: ${reason}`)
    })
  }).pipe(
    Effect.scoped,
    Effect.provide(layerEngine(options, layerStore)),
    Effect.provide(layerEngineLog(onTerminal() ? plainLine : jsonLine)),
    // The log filters by level itself, because the level may change while the engine runs.
    Effect.provideService(References.MinimumLogLevel, "Debug")
  )

const endOnSignals = (shutdown: Shutdown["Service"]): void => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => void Effect.runPromise(shutdown.request(signal)))
  }
}

/** Runs the engine of a locked home until a shutdown is requested. Returns why it could not serve, or null. */
export const runEngine = async (
  options: EngineOptions,
  layerStore: Layer.Layer<Stores, StoreError>,
  lock: LockHandle
): Promise<Problem | null> => {
  const shutdown = await Effect.runPromise(makeShutdown)
  endOnSignals(shutdown)
  const ended = await Effect.runPromise(
    runUntilShutdown(options, layerStore).pipe(
      Effect.provideService(Shutdown, shutdown),
      Effect.provideService(HomeLock, lock),
      // Nobody reads the spans that effect/sql creates for each statement; they take a tenth of the
      // engine's time.
      Effect.withTracerEnabled(false),
      Effect.result
    )
  )
  if (ended._tag === "Failure") {
    if (!lock.isOwned()) throw ended.failure
    const failed = { state: "failed", problem: toProblem(ended.failure) } as const
    lock.release()
    writeNotice(options.root, failed)
    return failed.problem
  }
  lock.release()
  // A caller that found the home taken at this moment waits for a notice.
  writeNotice(options.root, { state: "ended", pid: process.pid })
  await Effect.runPromise(shutdown.release)
  await Bun.sleep(drainMs)
  return null
}
