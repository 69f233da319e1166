/** What short tasks cost the disk: counts do not depend on the mood of the machine. */
import { expect, test } from "bun:test"
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

const inodesBelow = (folder: string): ReadonlySet<number> =>
  new Set(
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map(
      (path) => statSync(join(folder, path)).ino
    )
  )

test("a short task uses six inodes, and a batch one for its environment", async () => {
  await using rig = new Rig()
  const count = 20
  await rig.data(
    "start",
    Array.from({ length: count }, () => ({ command: "true" })),
    ["--wait"]
  )
  expect(inodesBelow(join(rig.home, "tasks")).size).toBe(6 * count + 1)
})
