import { describe, expect, test } from "bun:test"
import { splitUsage } from "../../src/reading/splitUsage.ts"
import { initialProgress, attemptTotal, sessionTotal } from "../../src/reading/AgentProgress.ts"

const progress = {
  ...initialProgress,
  costUsd: sessionTotal(3),
  inputTokens: sessionTotal(300),
  outputTokens: attemptTotal(30)
}

describe("usage", () => {
  test("is the same for an attempt and the session that it started", () => {
    const usage = { costUsd: 3, inputTokens: 300, outputTokens: 30 }
    expect(splitUsage(progress, null)).toEqual({ own: usage, used: usage })
  })

  test("of an attempt is the usage of its session without the earlier usage", () => {
    const session = { id: "s", usedBefore: { costUsd: 1, inputTokens: 100, outputTokens: 10 } }
    expect(splitUsage(progress, session)).toEqual({
      own: { costUsd: 2, inputTokens: 200, outputTokens: 30 },
      used: { costUsd: 3, inputTokens: 300, outputTokens: 40 }
    })
  })

  test("is unknown if the earlier usage is unknown", () => {
    const session = {
      id: "s",
      usedBefore: { costUsd: null, inputTokens: null, outputTokens: null }
    }
    expect(splitUsage(progress, session)).toEqual({
      own: { costUsd: null, inputTokens: null, outputTokens: 30 },
      used: { costUsd: 3, inputTokens: 300, outputTokens: null }
    })
  })

  test("belongs to the attempt if the agent counts less than before, because it started from zero", () => {
    const session = { id: "s", usedBefore: { costUsd: 5, inputTokens: 500, outputTokens: 0 } }
    expect(splitUsage(progress, session)).toMatchObject({
      own: { costUsd: 3, inputTokens: 300 },
      used: { costUsd: 8, inputTokens: 800 }
    })
  })

  test("is null if the agent does not report it", () => {
    const nothing = { costUsd: null, inputTokens: null, outputTokens: null }
    const session = { id: "s", usedBefore: { costUsd: 5, inputTokens: 500, outputTokens: 0 } }
    expect(splitUsage(initialProgress, session)).toEqual({ own: nothing, used: nothing })
  })
})
