import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { layerInstances, once } from "../../src/wiring/once.ts"

const counter = { built: 0 }
const makeThing = once(Effect.sync(() => ({ number: ++counter.built })))

const twice = Effect.all([makeThing, makeThing]).pipe(Effect.provide(layerInstances))

test("a shared value is the same for all users of one engine, and another one in the next engine", async () => {
  const [first, second] = await Effect.runPromise(twice)
  expect(second).toBe(first)
  const [next] = await Effect.runPromise(twice)
  expect(next.number).toBe(first.number + 1)
})
