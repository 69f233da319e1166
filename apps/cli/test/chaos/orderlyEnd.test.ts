/** An engine that is asked to end while tasks end: what writes ends before the database is closed. */
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

const rounds = 4

test("stopping an engine while short tasks end logs no errors, then or in the next engine", async () => {
  await using rig = new Rig()
  await rig.data("queue set", { queue: "short", concurrency: 4 })
  const tasks = Array.from({ length: 80 }, (_, at) => ({
    id: `t${at}`,
    queue: "short",
    command: "sleep",
    args: ["0.03"]
  }))
  await rig.data("start", tasks)
  const answer = rig.data("wait", { ids: tasks.map(({ id }) => id) })
  const followers = [
    rig.call(["events", '{"id":"t79","follow":true}', "--stream"]),
    rig.call(["logs", '{"id":"t79","follow":true}', "--stream"])
  ]
  for (let round = 0; round < rounds; round++) {
    await rig.data("engine stop")
    await rig.data("wait", { ids: tasks.slice(round * 10, round * 10 + 10).map(({ id }) => id) })
  }
  expect(await answer).toMatchObject({
    tasks: tasks.map(({ id }) => ({ id, status: "completed" }))
  })
  expect(
    (await Promise.all(followers)).map(({ exitCode, stderr }) => ({ exitCode, stderr }))
  ).toEqual(followers.map(() => ({ exitCode: 0, stderr: "" })))
  const log = readFileSync(join(rig.home, "engine.log"), "utf8").split("\n")
  expect(log.filter((line) => line.includes("engine ends")).length).toBeGreaterThanOrEqual(rounds)
  expect(log.filter((line) => line !== "" && !line.includes('"level":"info"'))).toEqual([])
})
