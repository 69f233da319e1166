import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { callAgent } from "../callAgent.ts"
import type { Script } from "../model/MockModel.ts"
import { MockModel } from "../model/MockModel.ts"
import { mockedAgents, setUp } from "../setUp.ts"

let scratch = ""
beforeEach(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), "backbeat-agent-")))
  mkdirSync(join(scratch, "home"))
  mkdirSync(join(scratch, "work"))
})
afterEach(() => rmSync(scratch, { recursive: true, force: true }))

describe.each(mockedAgents.map((agent) => ({ name: agent.name, agent })))(
  "$name, the real one,",
  ({ agent }) => {
    const [command] = agent.argv

    const call = async (argv: ReadonlyArray<string>, script: Script = {}) => {
      await using model = new MockModel(script)
      const env = setUp(agent, { url: model.url, home: join(scratch, "home") })
      const end = await callAgent({
        argv,
        env,
        cwd: join(scratch, "work"),
        stdin: "Do what the test says."
      }).ended
      return { ...end, turns: model.questions.filter(({ aside }) => !aside) }
    }

    test("has the pinned version", async () => {
      const { stdout, outcome } = await call([command, "--version"])
      expect(outcome).toEqual({ kind: "exited", exitCode: 0 })
      expect(stdout.split(/\s+/u)).toContain(agent.version)
    })

    test("prints what the model says", async () => {
      const answers = [{ kind: "text", text: "The river is wide." }] as const
      const { stdout, outcome, turns } = await call(agent.argv, { answers })
      expect(outcome).toEqual({ kind: "exited", exitCode: 0 })
      expect(stdout).toContain('"The river is wide."')
      expect(turns).toHaveLength(1)
      expect(JSON.stringify(turns[0]?.body)).toContain("Do what the test says.")
    })

    test("writes the file that the model wants written", async () => {
      const path = join(scratch, "work", "made.txt")
      const { outcome, turns } = await call(agent.argv, { answers: [agent.writes(path, "made\n")] })
      expect(outcome).toEqual({ kind: "exited", exitCode: 0 })
      expect(turns).toHaveLength(2)
      expect(readFileSync(path, "utf8")).toBe("made\n")
    })
  }
)
