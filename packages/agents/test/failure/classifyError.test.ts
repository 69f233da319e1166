import type { AgentErrorKind } from "@backbeat/core/task/AgentOutcome"
import { describe, expect, test } from "bun:test"
import { classifyError } from "../../src/failure/classifyError.ts"

const words: ReadonlyArray<readonly [AgentErrorKind, ReadonlyArray<string>]> = [
  [
    "auth",
    [
      "Invalid API key · Please run /login",
      "OAuth token has expired. Please obtain a new token or refresh your existing token.",
      "API Error: 401 Invalid authentication credentials",
      "unexpected status 403 Forbidden",
      "API key not valid. Please pass a valid API key.",
      "Your access token could not be refreshed. Please log out and sign in again.",
      "Not logged in",
      "Invalid auth method selected.",
      "Incorrect API key provided"
    ]
  ],
  [
    "rate_limit",
    [
      "You've hit your usage limit. Try again at 3 pm.",
      "Claude usage limit reached. Your limit will reset at 7pm.",
      "exceeded retry limit, last status: 429 Too Many Requests",
      "You exceeded your current quota, please check your plan",
      "Overloaded",
      "Credit balance is too low",
      "5-hour limit reached",
      "429 for this API key"
    ]
  ],
  [
    "limit",
    [
      "Reached maximum number of turns (1)",
      "Reached max session turns",
      "Reached maximum budget ($0.429)"
    ]
  ],
  [
    "error",
    [
      "Error in file.ts line 401",
      "The server failed.",
      "",
      "the author is unknown",
      "port 8403 is in use"
    ]
  ]
]

describe("the message of an agent", () => {
  for (const [kind, messages] of words) {
    test(`means ${kind}`, () => {
      const kinds = messages.map((message) => [
        message,
        classifyError({ message, kind: null, status: null })
      ])
      expect(kinds).toEqual(messages.map((message) => [message, kind]))
    })
  }

  test("has less weight than the HTTP status, and that less than the kind", () => {
    expect(classifyError({ message: "quota", kind: null, status: 401 })).toBe("auth")
    expect(classifyError({ message: "quota", kind: null, status: 500 })).toBe("rate_limit")
    expect(classifyError({ message: "quota", kind: "limit", status: 401 })).toBe("limit")
  })
})
