/** The engine writes an answer for the surface that asks. */
import { describe, expect, test } from "bun:test"
import { callPath, socketName } from "@backbeat/contract/protocol"
import * as Schema from "effect/Schema"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

type Flags = Readonly<Record<string, unknown>>

const decode = Schema.decodeUnknownSync(
  Schema.StructWithRest(
    Schema.Struct({
      ok: Schema.Boolean,
      error: Schema.optionalKey(
        Schema.StructWithRest(
          Schema.Struct({
            message: Schema.String,
            details: Schema.StructWithRest(Schema.Struct({ hint: Schema.String }), [
              Schema.Record(Schema.String, Schema.Unknown)
            ])
          }),
          [Schema.Record(Schema.String, Schema.Unknown)]
        )
      )
    }),
    [Schema.Record(Schema.String, Schema.Unknown)]
  )
)

/** The document that MCP gets, at an engine that runs. */
const asMcp = async (rig: Rig, operation: string, payload: unknown, flags: Flags = {}) => {
  const caller = {
    client: "mcp",
    surface: "mcp",
    version: "0.1.0",
    cwd: rig.scratch,
    pid: process.pid,
    requestId: crypto.randomUUID(),
    requestedAt: Date.now(),
    env: { PATH: process.env["PATH"] ?? "" }
  }
  const answer = await fetch(`http://engine${callPath}`, {
    method: "POST",
    unix: join(rig.home, socketName),
    body: JSON.stringify({ operation, payload: JSON.stringify(payload), caller, flags })
  })
  return decode(await answer.json())
}

const hintOf = async (...call: Parameters<typeof asMcp>): Promise<string | undefined> =>
  (await asMcp(...call)).error?.details.hint

/** What only a command line has. */
const typed = /(?:^|[\s("])--[a-z]|\bbackbeat [a-z<]|@file|single quotes/u

describe("an answer for MCP", () => {
  test("mentions tools where the command line mentions operations", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "done", command: "true" }, ["--wait"])
    expect((await rig.refusal(["status", "none"])).details.hint).toBe(
      "Run list to see the task ids."
    )
    expect(await hintOf(rig, "status", { id: "none" })).toBe("Run ListTasks to see the task ids.")
    expect(await hintOf(rig, "resume", { id: "done" })).toBe("Use RetryTask to run it again.")
    expect(await asMcp(rig, "status", ["done", "none"])).toMatchObject({
      data: { errors: [{ error: { details: { hint: "Run ListTasks to see the task ids." } } }] }
    })
    expect(await asMcp(rig, "stop", ["none"])).toMatchObject({
      data: {
        results: [{ error: { details: { hint: "Run ListTasks to see the task ids." } } }]
      }
    })
  })

  test("contains the next step as a call of a tool in its data", async () => {
    await using rig = new Rig()
    await rig.data("queue pause", { queue: "builds" })
    await rig.data("start", { id: "waits", command: "true", queue: "builds" })
    expect(await rig.data("why", { id: "waits" })).toMatchObject({
      next: "Resume the queue: backbeat queue resume builds"
    })
    const resume = 'RunOperation {"operation":"queue resume","payload":{"queue":"builds"}}'
    expect(await asMcp(rig, "why", { id: "waits" })).toMatchObject({
      data: { next: `Resume the queue: ${resume}` }
    })
    expect(
      await asMcp(rig, "plan", { payload: { command: "true", queue: "builds" } })
    ).toMatchObject({
      data: {
        tasks: [
          {
            warnings: [
              expect.stringContaining(`It would wait for: ${resume}`),
              "queue builds has no limit"
            ]
          }
        ]
      }
    })
  })

  test("has no words of the command line, for any error", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "live", script: "sleep 60" })
    await rig.data("pipeline create", { id: "p", steps: ["true", "true"] }, ["--wait"])
    const calls: ReadonlyArray<readonly [string, unknown, Flags?]> = [
      ["stauts", {}],
      ["pipeline", {}],
      ["start", {}],
      ["start", { comand: "true" }],
      ["start", { prompt: "x", agent: "none" }],
      ["start", { prompt: "x" }],
      ["start", { command: "true", wait: true }],
      ["start", { id: "live", command: "true" }],
      ["start", { id: "p", command: "true" }],
      ["start", { command: "true", dependsOn: ["none"] }],
      ["start", { command: "true" }, { "exit-status": true }],
      ["start", { command: "true" }, { stream: true }],
      ["start", { command: "true" }, { timeout: 600_000 }],
      ["list", {}, { get: "nothing" }],
      ["logs", { id: "live", follow: true }],
      ["logs", { id: "live", grep: "(" }],
      ["events", { lines: true }],
      ["pipeline create", { id: "p", steps: ["true", "true"] }],
      ["pipeline cancel", { id: "p" }],
      ["pipeline get", { id: "none" }],
      ["wait", {}],
      ["stop", { tag: "none" }],
      ["retry", { id: "live" }],
      ["resume", { id: "p.1" }],
      ["agents check", { agent: "nobody" }],
      ["config set", { key: "nothing", value: 1 }]
    ]
    for (const [operation, payload, flags] of calls) {
      const { error } = await asMcp(rig, operation, payload, flags)
      expect({ operation, payload, refused: error !== undefined }).toMatchObject({ refused: true })
      expect({ operation, payload, text: `${error?.message} ${error?.details.hint}` }).toEqual({
        operation,
        payload,
        text: expect.not.stringMatching(typed)
      })
    }
  })
})
