import { describe, expect, test } from "bun:test"
import { account } from "../../src/reading/account.ts"
import { nothingTold, sinceAttempt, sinceSession } from "../../src/reading/Told.ts"

const told = {
  ...nothingTold,
  costUsd: sinceSession(3),
  inputTokens: sinceSession(300),
  outputTokens: sinceAttempt(30)
}

describe("what was used", () => {
  test("is the same for the attempt and for a session that began with it", () => {
    const usage = { costUsd: 3, inputTokens: 300, outputTokens: 30 }
    expect(account(told, null)).toEqual({ own: usage, used: usage })
  })

  test("is, for the attempt, what its session had not used before", () => {
    const session = { id: "s", usedBefore: { costUsd: 1, inputTokens: 100, outputTokens: 10 } }
    expect(account(told, session)).toEqual({
      own: { costUsd: 2, inputTokens: 200, outputTokens: 30 },
      used: { costUsd: 3, inputTokens: 300, outputTokens: 40 }
    })
  })

  test("is not known where it was not known before", () => {
    const session = {
      id: "s",
      usedBefore: { costUsd: null, inputTokens: null, outputTokens: null }
    }
    expect(account(told, session)).toEqual({
      own: { costUsd: null, inputTokens: null, outputTokens: 30 },
      used: { costUsd: 3, inputTokens: 300, outputTokens: null }
    })
  })

  test("is all the attempt's when the agent counts less than it had before: it began anew", () => {
    const session = { id: "s", usedBefore: { costUsd: 5, inputTokens: 500, outputTokens: 0 } }
    expect(account(told, session)).toMatchObject({
      own: { costUsd: 3, inputTokens: 300 },
      used: { costUsd: 8, inputTokens: 800 }
    })
  })

  test("is null where the agent tells nothing", () => {
    const nothing = { costUsd: null, inputTokens: null, outputTokens: null }
    const session = { id: "s", usedBefore: { costUsd: 5, inputTokens: 500, outputTokens: 0 } }
    expect(account(nothingTold, session)).toEqual({ own: nothing, used: nothing })
  })
})
