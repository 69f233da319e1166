import { describe, expect, test } from "bun:test"
import { builtIn, findAgent } from "../src/agents.ts"
import { settingOf, workOf } from "./agentWork.ts"

describe("the agents", () => {
  test("are found by name, built-in ones before configured ones", () => {
    const customs = { claude: { command: "other", args: [] }, mine: { command: "mycli", args: [] } }
    expect(builtIn.map(({ name }) => name)).toEqual(["claude", "codex", "gemini", "opencode"])
    expect(findAgent("claude", customs)?.command).toBe("claude")
    expect(findAgent("mine", customs)?.command).toBe("mycli")
    expect(findAgent("toString", customs)).toBeUndefined()
  })

  for (const agent of builtIn) {
    test(`get the prompt on standard input and never in an argument: ${agent.name}`, () => {
      const work = workOf({ prompt: "--help me with {prompt}" })
      const { argv, stdin } = agent.call(work, settingOf(agent.command))
      expect(stdin).toBe(work.prompt)
      expect(argv.filter((arg) => arg.includes("help"))).toEqual([])
    })
  }
})
