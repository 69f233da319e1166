/**
 * Builds a shared value once for each engine, on first use, so that nothing is loaded before it is
 * needed.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** One engine, the owner of its shared values. */
export class Instances extends Context.Service<Instances, object>()("@backbeat/engine/Instances") {}

/** A new owner for each build of the layer. */
export const layerInstances: Layer.Layer<Instances> = Layer.sync(Instances, () => ({}))

/** Builds the value once for each engine; later users get the same value. */
export const once = <A, E, R>(
  build: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | Instances> => {
  const built = new WeakMap<object, { readonly instance: A }>()
  return Effect.flatMap(Instances, (owner) => {
    const found = built.get(owner)
    if (found !== undefined) return Effect.succeed(found.instance)
    return Effect.map(build, (instance) => {
      built.set(owner, { instance })
      return instance
    })
  })
}
