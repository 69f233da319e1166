import * as Effect from "effect/Effect"
import { layerSqlite } from "@backbeat/store/sqlite/SqliteTaskStore"
import { mkdtempSync, rmSync } from "node:fs"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Exit from "effect/Exit"
const dir = mkdtempSync((process.env.D ?? "/dev/shm") + "/b-")
const open = async (path: string) => {
  const scope = Scope.makeUnsafe()
  const t = performance.now()
  await Effect.runPromise(Layer.buildWithScope(layerSqlite({ path }), scope))
  const r = performance.now() - t
  await Effect.runPromise(Scope.close(scope, Exit.void))
  return r
}
const rs = []; for (let i = 0; i < 40; i++) rs.push(await open(dir + `/n${i}.db`))
console.log("new first", rs[0]!.toFixed(2), "second", rs[1]!.toFixed(2), "min", Math.min(...rs).toFixed(2), "median", rs.sort((a, b) => a - b)[20]!.toFixed(2))
const os = []; for (let i = 0; i < 40; i++) os.push(await open(dir + `/n1.db`))
console.log("existing first", os[0]!.toFixed(2), "min", Math.min(...os).toFixed(2), "median", os.sort((a, b) => a - b)[20]!.toFixed(2))
rmSync(dir, { recursive: true })
