/** Probes of a real server, and the reports that they make. */
import { created } from "@backbeat/core/task/evolve"
import { evolve } from "@backbeat/core/task/evolve"
import { engine } from "@backbeat/core/history/Actor"
import { noLineage } from "@backbeat/core/task/TaskSpec"
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Home } from "../../src/home/Home.ts"
import { watchOutput } from "../../src/output/Growth.ts"
import { layerProbes, Probes } from "../../src/probe/Probes.ts"
import type { MonitoredAttempt } from "../../src/attempt/MonitoredAttempts.ts"
import { Reports } from "../../src/commit/Reports.ts"
import { owner, plainSpec } from "../plainSpec.ts"

/**
 * Probes a server that answers with these statuses one after the other. Returns the reports when
 * all were used.
 */
const reportsOf = async (statuses: ReadonlyArray<number>): Promise<ReadonlyArray<string>> => {
  const root = mkdtempSync(join(tmpdir(), "backbeat-probes-"))
  const reported: Array<string> = []
  const asked = Promise.withResolvers<void>()
  let count = 0
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => {
      const status = statuses[count++]
      if (status === undefined) asked.resolve()
      return new Response("", { status: status ?? statuses.at(-1) ?? 200 })
    }
  })
  const spec = {
    ...plainSpec,
    healthProbe: { http: `http://127.0.0.1:${server.port}/`, intervalMs: 50, failureThreshold: 2 }
  }
  const event = { type: "task.created", spec, owner, lineage: noLineage, blocked: false } as const
  const task = evolve(
    created("x", event, 0),
    { type: "task.started", probed: true, attempt: 1, tries: 1 },
    { at: 0, actor: engine }
  )
  const output = watchOutput(root, { onGrowth: () => {} })
  const live: MonitoredAttempt = {
    id: "x",
    attempt: 1,
    dir: root,
    pid: null,
    startedAt: Date.now(),
    startedMonotonicMs: performance.now(),
    held: null,
    output,
    readable: { dir: root, watch: output },
    stopping: false,
    isEndKnown: false,
    hasResult: () => false,
    finalizers: []
  }
  const layer = layerProbes.pipe(
    Layer.provide(
      Layer.succeed(Home, { root, configPath: join(root, "config.json"), version: "0.0.0" })
    ),
    Layer.provide(
      Layer.succeed(Reports, {
        report: (_, { type }) => Effect.sync(() => void reported.push(type)),
        unstored: () => Effect.never
      })
    )
  )
  await Effect.gen(function* () {
    yield* (yield* Probes).begin(task, live)
    yield* Effect.promise(() => asked.promise)
  }).pipe(Effect.provide(layer), Effect.scoped, Effect.runPromise)
  output.close()
  await server.stop(true)
  rmSync(root, { recursive: true })
  return reported
}

describe("a health probe", () => {
  test("reports changes of health, and nothing while it stays the same", async () => {
    expect(await reportsOf([200, 200, 200, 200, 200])).toEqual(["ReportReady"])
    expect(await reportsOf([200, 500, 500, 500, 200, 200, 500, 200])).toEqual([
      "ReportReady",
      "ReportUnhealthy",
      "ReportReady"
    ])
  })
})
