/** What a line of several words is answered with where nobody can tell what was meant. */
import { describe, expect, test } from "bun:test"
import { Rig } from "../Rig.ts"

describe("a rejected call", () => {
  test("of several words says what each may mean, and does not choose", async () => {
    await using rig = new Rig()
    for (const [line, hint] of [
      [
        ["stop", "k", "crashed"],
        `For several tasks: backbeat stop '{"ids":["k","crashed"]}'. For a reason: backbeat stop '{"id":"k","reason":"crashed"}'`
      ],
      [
        ["restart", "k", "not", "needed"],
        `For several tasks: backbeat restart '{"ids":["k","not","needed"]}'. For a reason: backbeat restart '{"id":"k","reason":"not needed"}'`
      ],
      [["why", "s", "d"], "why takes one id. Call it once for each: backbeat why s"],
      [["retry", "s", "d"], "retry takes one id. Call it once for each: backbeat retry s"],
      [
        ["pipeline", "get", "s", "d"],
        "pipeline get takes one id. Call it once for each: backbeat pipeline get s"
      ]
    ] as const) {
      const refused = await rig.refusal(line)
      expect({ line, ...refused }).toMatchObject({ line, details: { hint } })
      expect(refused).not.toHaveProperty("try")
    }
    expect(await rig.refusal(["wait", "x", "--timeout", "1e9"])).toMatchObject({
      message: "--timeout: expected a number of seconds between 0 and 86400"
    })
  })
})
