/** The end of an engine: asked for by a caller, a newer engine, a signal, or idleness. Tasks go on. */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** Asks the engine to end. */
export class Shutdown extends Context.Service<
  Shutdown,
  {
    readonly request: (reason: string) => Effect.Effect<void>
    readonly requested: Effect.Effect<string>
    /** Says that the home is free for another engine. */
    readonly release: Effect.Effect<void>
    readonly released: Effect.Effect<void>
  }
>()("@backbeat/engine/Shutdown") {}

/** A shutdown that nobody has asked for yet. */
export const makeShutdown = Effect.gen(function* () {
  const asked = yield* Deferred.make<string>()
  const free = yield* Deferred.make<void>()
  return Shutdown.of({
    request: (reason) => Effect.asVoid(Deferred.succeed(asked, reason)),
    requested: Deferred.await(asked),
    release: Effect.asVoid(Deferred.succeed(free, undefined)),
    released: Deferred.await(free)
  })
})
