/** An engine that has too few file descriptors for all that it is to stop at once. */
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { markedProcesses } from "../processes.ts"
import { binary } from "../binary.ts"

test("stops that reach the limit of open files are retried until no process is left", async () => {
  await using rig = new Rig()
  const tasks = Array.from({ length: 40 }, (_, index) => ({
    id: `m${index}`,
    command: "sleep",
    args: ["600"]
  }))
  const limited = Bun.spawn(
    ["sh", "-c", 'ulimit -n 64; exec "$0" "$@"', binary, "start", JSON.stringify(tasks)],
    {
      cwd: rig.scratch,
      env: rig.environment(),
      stdio: ["ignore", "ignore", "ignore"]
    }
  )
  expect(await limited.exited).toBe(0)
  await rig.data(
    "stop",
    tasks.map(({ id }) => ({ id }))
  )
  expect(await rig.data("list", { status: ["running", "stopping"], limit: 1 })).toMatchObject({
    total: 0
  })
  expect(readFileSync(join(rig.home, "engine.log"), "utf8")).toContain("is tried again in")
  await rig.data("engine stop")
  expect(markedProcesses(rig.home)).toEqual([])
})
