/** Every example of the table works as it is written, and its answer is what the table says. */
import { BatchAnswer } from "@backbeat/contract/Batch"
import type { Operation } from "@backbeat/contract/Operation"
import { operations } from "@backbeat/contract/table"
import { expect, test } from "bun:test"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { FakeAgents } from "../agent/FakeAgents.ts"
import { Rig } from "../Rig.ts"
import { binary } from "../binary.ts"

const rows: ReadonlyArray<Operation> = Object.values(operations)

/** The items that a payload stands for; null for one that names a single thing. */
const itemsOf = (
  { batch, readOnly }: Operation,
  payload: unknown
): ReadonlyArray<unknown> | null => {
  const items = Predicate.hasProperty(payload, "ids") ? payload.ids : payload
  return batch && !readOnly && Array.isArray(items) ? items : null
}

/** Throws unless the data is exactly what the operation says that it answers with. */
const decodeOutput = (operation: Operation, payload: unknown, data: unknown): void => {
  const strict = { onExcessProperty: "error" } as const
  const items = itemsOf(operation, payload)
  if (items === null) return void Schema.decodeUnknownSync(operation.output, strict)(data)
  const { errorCount, outcome, results, total } = Schema.decodeUnknownSync(
    BatchAnswer,
    strict
  )(data)
  expect([outcome, total, errorCount, results?.length]).toEqual([
    "succeeded",
    items.length,
    0,
    items.length
  ])
}

/** The agents that the examples name. */
const agentsOf = (rig: Rig): FakeAgents => {
  const agents = new FakeAgents(rig.scratch)
  for (const name of ["claude", "codex"]) agents.answer(name, "success")
  return agents
}

const runExamples = async (rig: Rig, operation: Operation): Promise<void> => {
  const { env } = agentsOf(rig)
  for (const { title, payload } of operation.examples) {
    const called = await rig.call([...operation.name.split(" "), JSON.stringify(payload)], {
      // What is done for a user here is done for one without any service.
      env: operation.engine === "here" ? { ...env, HOME: rig.scratch } : env
    })
    expect({ title, ...called }).toMatchObject({
      title,
      exitCode: 0,
      stderr: "",
      document: { ok: true, command: operation.name }
    })
    decodeOutput(operation, payload, called.document["data"])
  }
}

test("every example is accepted, and its answer matches the schema", async () => {
  await using rig = new Rig()
  await runExamples(rig, operations.start)
  // What the other examples speak of: something that runs, reads its input, and has ended.
  await rig.data("start", { id: "repl", command: "cat", stdin: "open" })
  for (const operation of rows) {
    // Serving does not end by itself.
    if (["start", "engine stop", "serve"].includes(operation.name)) continue
    // What is retried and resumed has ended, also when it was restarted just before.
    if (operation.name === "retry") await rig.data("wait", { ids: ["demo", "fix"] })
    if (operation.name === "stop")
      await rig.data("start", { id: "web", script: "sleep 60", ifRunning: "restart" })
    await runExamples(rig, operation)
  }
  await runExamples(rig, operations["engine stop"])
  await runExamples(rig, operations["engine status"])
})

test("the calls of examples can be typed into a shell", async () => {
  await using rig = new Rig()
  const { examples } = Schema.decodeUnknownSync(operations["examples show"].output)(
    await rig.data("examples show", { operation: "start" })
  )
  expect(examples.map(({ title }) => title)).toEqual(
    operations.start.examples.map(({ title }) => title)
  )
  for (const { call } of examples) {
    const line = call.replace(/^backbeat /u, '"$B" ')
    const child = Bun.spawn(["/bin/sh", "-c", line], {
      env: { ...rig.environment(agentsOf(rig).env), B: binary },
      stdio: ["ignore", "pipe", "inherit"]
    })
    expect(await child.stdout.text()).toStartWith('{"ok":true,"command":"start",')
  }
})

test("every operation has a schema and examples", async () => {
  await using rig = new Rig()
  const { schemas } = await rig.data("schema list")
  expect(schemas).toHaveLength(rows.length * 2)
  expect(schemas).toContainEqual({
    operation: "start",
    side: "input",
    schema_id: "backbeat.start.input/v1"
  })
  for (const operation of ["start", "config set"]) {
    expect(await rig.data("schema show", { operation, side: "output" })).toMatchObject({
      operation,
      side: "output",
      schema_id: `backbeat.${operation.replace(" ", ".")}.output/v1`,
      schema: { $schema: "https://json-schema.org/draft/2020-12/schema" }
    })
  }
  expect((await rig.call(["schema", "show", "start"])).document).toMatchObject({
    data: { operation: "start", side: "input" }
  })
  expect(await rig.refusal(["schema", "show", "strat"])).toMatchObject({
    type: "CommandInputError",
    details: { nearest: "start" }
  })
  const { examples } = await rig.data("examples list")
  expect(examples).toHaveLength(rows.length)
})

test("capabilities list what can be called, in batches and as streams", async () => {
  await using rig = new Rig()
  expect(await rig.data("capabilities")).toEqual({
    protocolVersion: 1,
    version: expect.stringMatching(/^\d+\.\d+\.\d+/u),
    payloadModes: ["inline-json", "@file", "stdin:-"],
    outputModes: ["auto", "inline", "artifact"],
    inlineMaxBytes: 20_000,
    operations: rows.map(({ name }) => name),
    batch: ["start", "status", "wait", "stop", "restart"],
    streams: ["logs", "events"],
    discovery: [
      "capabilities",
      "schema list",
      "schema show",
      "examples list",
      "examples show",
      "help"
    ]
  })
})
