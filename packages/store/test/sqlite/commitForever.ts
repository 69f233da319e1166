/**
 * A program for the durability test: commits task after task, and prints each id after its commit.
 */
import { wholeStore } from "../wholeStore.ts"
import * as Effect from "effect/Effect"
import { writeSync } from "node:fs"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"
import { life } from "../task.ts"

const [path = "", prefix = ""] = process.argv.slice(2)

const forever = Effect.flatMap(wholeStore, (store) => {
  let count = 0
  return Effect.forever(
    Effect.suspend(() => {
      const id = `${prefix}-${++count}`
      return Effect.tap(store.transact(store.record(life(id, { spec: { tags: [prefix] } }))), () =>
        Effect.sync(() => writeSync(1, `${id}\n`))
      )
    })
  )
})

await Effect.runPromise(Effect.provide(forever, layerSqlite({ path })))
