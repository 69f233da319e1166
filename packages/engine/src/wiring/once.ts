/** What several users need and one engine has once: built by the first that asks for it, so that nothing is loaded before it is used. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** One engine, as the owner of what is built once. */
export class Instances extends Context.Service<Instances, object>()("@backbeat/engine/Instances") {}

/** An owner of its own for each build of the layer. */
export const layerInstances: Layer.Layer<Instances> = Layer.sync(Instances, () => ({}))

/** Builds with the effect once for each engine; later users get the same. */
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
