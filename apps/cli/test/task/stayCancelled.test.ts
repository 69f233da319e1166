/** What the restart of a task says of those that it does not run again. */
import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { Rig } from "../Rig.ts"

describe("a task that was cancelled because of another", () => {
  test("stays cancelled when only its dependency is restarted, and the answer says how to run it too", async () => {
    await using rig = new Rig()
    const ok = `${rig.scratch}/ok`
    await rig.data(
      "start",
      [
        { id: "unit", script: `test -e ${ok}` },
        { id: "int", script: "true", dependsOn: ["unit"] },
        { id: "other", script: "false" },
        { id: "aside", script: "true", dependsOn: ["other"] }
      ],
      ["--wait"]
    )
    expect(await rig.data("restart", { id: "unit" }, ["--wait"])).not.toHaveProperty("warnings")
    writeFileSync(ok, "")
    const one =
      "int was cancelled because of unit and stays cancelled. To run it too: backbeat restart int"
    expect(await rig.data("restart", { id: "unit" })).toMatchObject({ warnings: [one] })
    expect(await rig.data("restart", { id: "unit" }, ["--wait"])).toMatchObject({
      task: { status: "completed" },
      warnings: [one]
    })
    expect(await rig.data("why", { id: "int" })).toMatchObject({
      because: [
        { what: "it depends on unit, whose end did not meet the condition" },
        { what: "unit was started again since, and is completed" }
      ]
    })
    expect(await rig.data("restart", ["unit"], ["--wait"])).toMatchObject({ warnings: [one] })
    expect((await rig.call(["restart", "int", "--wait"])).document).toMatchObject({
      data: { task: { status: "completed" } }
    })
    expect(await rig.data("restart", { id: "unit" }, ["--wait"])).not.toHaveProperty("warnings")
  })

  test("stays cancelled with its dependents, and all are listed", async () => {
    await using rig = new Rig()
    await rig.data(
      "start",
      [
        { id: "unit", script: `test -e ${rig.scratch}/ok` },
        { id: "int", script: "true", dependsOn: ["unit"] },
        { id: "ship", script: "true", dependsOn: ["int"] }
      ],
      ["--wait"]
    )
    writeFileSync(`${rig.scratch}/ok`, "")
    expect(await rig.data("restart", { id: "unit" }, ["--wait"])).toMatchObject({
      warnings: [
        `2 tasks were cancelled because of unit and stay cancelled. To run them too: backbeat restart '["int","ship"]'`
      ]
    })
    const all = await rig.data("restart", ["int", "ship"], ["--wait"])
    expect(all).toMatchObject({ outcome: "succeeded" })
    expect(all).not.toHaveProperty("warnings")
  })
})
