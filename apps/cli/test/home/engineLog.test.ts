/** What an engine writes of its work. */
import { expect, test } from "bun:test"
import * as Schema from "effect/Schema"
import { plainLine } from "@backbeat/engine/life/engineLog"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

const Entry = Schema.Struct({
  time: Schema.String.check(Schema.isPattern(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u)),
  level: Schema.Literals(["debug", "info", "warn", "error"]),
  message: Schema.NonEmptyString,
  task: Schema.optionalKey(Schema.String),
  operation: Schema.optionalKey(Schema.String),
  request: Schema.optionalKey(Schema.String)
})
const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Entry), { onExcessProperty: "error" })

const entriesOf = (rig: Rig) =>
  readFileSync(join(rig.home, "engine.log"), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => decode(line))

test("the engine's log has one JSON object per line, and at debug each call, commit and spawn", async () => {
  await using rig = new Rig()
  await rig.data("start", { id: "before", command: "true" }, ["--wait"])
  await rig.data("config set", { key: "logLevel", value: "debug" })
  await rig.data("start", { id: "a", command: "true", notify: { command: "exit 3" } }, ["--wait"])
  await rig.data("engine stop")
  const entries = entriesOf(rig)
  expect(entries.filter(({ level }) => level === "info").map(({ message }) => message)).toEqual([
    expect.stringContaining(`serves ${rig.home}`),
    expect.stringContaining("engine ends")
  ])
  const debug = entries.filter(({ level }) => level === "debug")
  expect(debug).toContainEqual(
    expect.objectContaining({ message: "committed task.created a, task.started a", task: "a" })
  )
  expect(debug).toContainEqual(
    expect.objectContaining({ message: "committed task.completed a", task: "a" })
  )
  expect(debug).toContainEqual(
    expect.objectContaining({
      message: expect.stringMatching(/^attempt 1: spawned pid \d+$/u),
      task: "a"
    })
  )
  expect(debug).toContainEqual(
    expect.objectContaining({
      message: expect.stringMatching(/^answered in \d+ ms, exit code 0$/u),
      operation: "start",
      request: expect.any(String)
    })
  )
  expect(JSON.stringify(debug)).not.toContain("before")
})

test("an entry is text for people if the engine runs on a terminal", () => {
  const entry = {
    time: "2026-01-02T03:04:05.678Z",
    level: "warn",
    message: "the disk is slow",
    task: "a"
  } as const
  expect(plainLine(entry)).toBe("03:04:05.678 WARN  the disk is slow task=a\n")
})
