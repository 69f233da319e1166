/**
 * The shutdown of an engine, requested by a caller, a newer engine, a signal, or idleness. Tasks
 * continue.
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** Requests and awaits the shutdown. */
export class Shutdown extends Context.Service<
  Shutdown,
  {
    readonly request: (reason: string) => Effect.Effect<void>
    readonly requested: Effect.Effect<string>
    /** Reports that the home is free for another engine. */
    readonly release: Effect.Effect<void>
    readonly released: Effect.Effect<void>
  }
>()("@backbeat/engine/Shutdown") {}

/** A shutdown that was not requested yet. */
export const makeShutdown = Effect.gen(function* () {
  const requested = yield* Deferred.make<string>()
  const released = yield* Deferred.make<void>()
  return Shutdown.of({
    request: (reason) => Effect.asVoid(Deferred.succeed(requested, reason)),
    requested: Deferred.await(requested),
    release: Effect.asVoid(Deferred.succeed(released, undefined)),
    released: Deferred.await(released)
  })
})
