import { describe, expect, test } from "bun:test"
import { splitUsage } from "../../src/reading/splitUsage.ts"
import { initialProgress, attemptTotal, sessionTotal } from "../../src/reading/AgentProgress.ts"

const told = {
  ...initialProgress,
  costUsd: sessionTotal(3),
  inputTokens: sessionTotal(300),
  outputTokens: attemptTotal(30)
}

describe("what was used", () => {
  test("is the same for the attempt and for a session that began with it", () => {
    const usage = { costUsd: 3, inputTokens: 300, outputTokens: 30 }
    expect(splitUsage(told, null)).toEqual({ own: usage, used: usage })
  })

  test("is, for the attempt, what its session had not used before", () => {
    const session = { id: "s", usedBefore: { costUsd: 1, inputTokens: 100, outputTokens: 10 } }
    expect(splitUsage(told, session)).toEqual({
      own: { costUsd: 2, inputTokens: 200, outputTokens: 30 },
      used: { costUsd: 3, inputTokens: 300, outputTokens: 40 }
    })
  })

  test("is not known where it was not known before", () => {
    const session = {
      id: "s",
      usedBefore: { costUsd: null, inputTokens: null, outputTokens: null }
    }
    expect(splitUsage(told, session)).toEqual({
      own: { costUsd: null, inputTokens: null, outputTokens: 30 },
      used: { costUsd: 3, inputTokens: 300, outputTokens: null }
    })
  })

  test("is all the attempt's when the agent counts less than it had before: it began anew", () => {
    const session = { id: "s", usedBefore: { costUsd: 5, inputTokens: 500, outputTokens: 0 } }
    expect(splitUsage(told, session)).toMatchObject({
      own: { costUsd: 3, inputTokens: 300 },
      used: { costUsd: 8, inputTokens: 800 }
    })
  })

  test("is null where the agent tells nothing", () => {
    const nothing = { costUsd: null, inputTokens: null, outputTokens: null }
    const session = { id: "s", usedBefore: { costUsd: 5, inputTokens: 500, outputTokens: 0 } }
    expect(splitUsage(initialProgress, session)).toEqual({ own: nothing, used: nothing })
  })
})
