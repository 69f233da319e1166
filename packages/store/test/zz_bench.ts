import * as Effect from "effect/Effect"
import { TaskStore } from "@backbeat/store/TaskStore"
import { layerSqlite } from "@backbeat/store/sqlite/SqliteTaskStore"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Context from "effect/Context"
import * as T from "./task.ts"
const dir = mkdtempSync((process.env.D ?? "/dev/shm") + "/b-")
const path = dir + "/b.db"
const open = async () => {
  const scope = Scope.makeUnsafe()
  const t = performance.now()
  const ctx = await Effect.runPromise(Layer.buildWithScope(layerSqlite({ path }), scope))
  console.log("open", (performance.now() - t).toFixed(2), "ms")
  return { s: Context.get(ctx, TaskStore), scope }
}
const med = async (n: string, f: () => Effect.Effect<unknown, any>, k = 300) => {
  const times: number[] = []
  for (let i = 0; i < k; i++) { const e = f(); const t = performance.now(); await Effect.runPromise(e); times.push(performance.now() - t) }
  times.sort((a, b) => a - b)
  console.log(n.padEnd(38), "median", (times[k >> 1]! * 1000).toFixed(0), "us  p95", (times[(k * 0.95) | 0]! * 1000).toFixed(0))
}
let { s, scope } = await open()
await Effect.runPromise(Effect.provideService(s.find("x"), TaskStore, s))
const { Exit } = { Exit: await import("effect/Exit") }
for (let i = 0; i < 3; i++) { await Effect.runPromise(Scope.close(scope, Exit.void)); ({ s, scope } = await open()) }
await Effect.runPromise(Effect.gen(function* () { for (let i = 0; i < 200; i++) yield* s.find("x") }))
let n = 0
const two = () => { const c = T.creation("t" + n++, { spec: { tags: ["a"] } }); const d = T.change(c.task, { type: "Open" }); return { ...d, events: [...c.events, ...d.events] } }
await med("record create+start, 1 tag, durable", () => s.transact(s.record([two()])))
const runs: any[] = []
for (let i = 0; i < 300; i++) runs.push(T.change(T.change(T.task("t" + i), { type: "Open" }).task, T.exit(0)))
let r = 0
await med("record end (1 event), durable", () => s.transact(s.record([runs[r++]])))
await med("find", () => s.find("t7"), 3000)
await med("transact(void)", () => s.transact(Effect.void), 3000)
await med("20 finds in one runPromise", () => Effect.forEach(Array.from({ length: 20 }), () => s.find("t7")), 500)
const N = Number(process.argv[2] ?? 100000)
let t = performance.now()
for (let b = 0; b < N / 1000; b++) {
  const cs = Array.from({ length: 1000 }, (_, i) => { const k = b * 1000 + i; const live = k % 1000 === 0
    const [a, o, e] = T.life("x" + k, { at: T.start + k, endedAt: T.start + k + 10, spec: { tags: k % 100 === 0 ? ["ci", "rare"] : ["ci"], queue: k % 3 ? "default" : "agents", work: k % 50 ? { kind: "command", command: "npm", args: ["x".repeat(600)] } : { kind: "script", script: "x".repeat(3000) } }, owner: { sessionId: "s" + (k % 200) } })
    return live ? a! : { ...e!, events: [...a!.events, ...o!.events, ...e!.events] } })
  await Effect.runPromise(s.transact(s.record(cs)))
}
console.log("fill", N, ((performance.now() - t) / (N / 1000)).toFixed(1), "ms per 1000 (3 events, 1 tag)", statSync(path).size / 1e6, "MB")
await med("record create+start, 1 tag, durable", () => s.transact(s.record([two()])))
await med("find", () => s.find("x5000"), 1000)
await med("list all", () => s.list({}, { limit: 50 }), 50)
await med("list completed", () => s.list({ status: ["completed"] }, { limit: 50 }), 50)
await med("list queued", () => s.list({ status: ["queued"] }, { limit: 50 }), 50)
await med("list finals", () => s.list({ status: ["completed", "failed", "cancelled"] }, { limit: 50 }), 20)
await med("list live", () => s.list({ status: ["queued", "running"] }, { limit: 50 }), 20)
await med("list tag all", () => s.list({ tags: ["ci"] }, { limit: 50 }), 20)
await med("list tags rare+ci", () => s.list({ tags: ["ci", "rare"] }, { limit: 50 }), 20)
await med("list tag rare + status", () => s.list({ tags: ["rare"], status: ["queued"] }, { limit: 50 }), 20)
await med("list tag ci + status completed", () => s.list({ tags: ["ci"], status: ["completed"] }, { limit: 50 }), 10)
await med("list session", () => s.list({ sessionId: "s7" }, { limit: 50 }), 20)
await med("list queue", () => s.list({ queue: "agents" }, { limit: 50 }), 20)
await med("list kind", () => s.list({ kind: "script" }, { limit: 50 }), 20)
await med("list since all", () => s.list({ since: 0 }, { limit: 50 }), 20)
await med("list since recent", () => s.list({ since: T.start + N - 500 }, { limit: 50 }), 20)
await med("list queue+status", () => s.list({ queue: "agents", status: ["completed"] }, { limit: 50 }), 10)
await med("counts", () => s.counts, 20)
await med("ready", () => s.ready({ queue: "agents", now: 1e15, limit: 1 }), 200)
await med("busy", () => s.busy, 200)
await med("waitingQueues", () => s.waitingQueues, 200)
await med("nextDueAt", () => s.nextDueAt(5), 200)
await med("retriesDue", () => s.retriesDue(1e15), 200)
await med("inStatus running", () => s.inStatus(["running", "stopping"]), 20)
await med("events tail", () => s.events({ since: 3 * N - 2000, limit: 50 }), 50)
await med("events ids", () => s.events({ since: 0, taskIds: ["x10", "x99999"], limit: 50 }), 50)
await med("events tag ci", () => s.events({ since: 0, tag: "ci", limit: 50 }), 20)
await med("events tag rare", () => s.events({ since: 0, tag: "rare", limit: 50 }), 20)
await med("events tag rare tail", () => s.events({ since: 3 * N - 2000, tag: "rare", limit: 50 }), 20)
await med("events type", () => s.events({ since: 0, types: ["task.started"], limit: 50 }), 20)
await med("events rare type", () => s.events({ since: 0, types: ["task.unhealthy"], limit: 50 }), 5)
await med("endedBefore 100", () => s.endedBefore(T.start + 110, ["completed"]), 20)
await med("lastSequence", () => s.lastSequence, 200)
let q = 1
await med("remove 50", () => s.remove(Array.from({ length: 50 }, () => "x" + (q++))), 20)
t = performance.now(); console.log(await Effect.runPromise(s.check), performance.now() - t)
await Effect.runPromise(Scope.close(scope, Exit.void)); ({ s, scope } = await open())
console.log("rss MB", process.memoryUsage.rss() / 1e6)
await Effect.runPromise(Scope.close(scope, Exit.void))
rmSync(dir, { recursive: true })
