import { describe, expect, test } from "bun:test"
import type { Checkpoint } from "@backbeat/core/checkpoint/Checkpoint"
import { contextMaxBytes, enrich } from "@backbeat/core/checkpoint/enrich"
import * as fc from "fast-check"

const checkpoint = (changes: Partial<Checkpoint> = {}): Checkpoint => ({
  taskId: "write",
  attempt: 1,
  status: "completed",
  request: "Write a file.",
  added: null,
  endedAt: 0,
  exitCode: 0,
  failure: null,
  stdout: ["a line", "the last line"],
  stderr: [],
  git: null,
  gitOf: "end",
  result: null,
  ...changes
})

const continued = (...chain: ReadonlyArray<Checkpoint>): string =>
  enrich({ how: "continue", prompt: "Review it.", added: null, chain })

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

describe("a prompt that continues from another task", () => {
  test("begins with the prompt, the output and the work tree of that task", () => {
    const git = { branch: "main", commit: "abc", dirty: ["a.ts", "b c.ts"], dirtyCount: 5 }
    expect(continued(checkpoint({ git }))).toBe(
      [
        "# Results of earlier tasks",
        "## Task write (completed)",
        "### Its prompt",
        "Write a file.",
        "### Its output",
        "a line\nthe last line",
        "### Git when it ended",
        "branch main at abc\n5 uncommitted:\na.ts\nb c.ts\nand 3 more",
        "# Your task",
        "Review it."
      ].join("\n\n")
    )
  })

  test("has an agent's last message instead of its output", () => {
    const result = {
      text: "It is written.",
      isError: false,
      sessionId: null,
      costUsd: null,
      inputTokens: null,
      outputTokens: null,
      turns: null,
      structured: null
    }
    expect(continued(checkpoint({ result }))).toContain("### Its output\n\nIt is written.")
    expect(continued(checkpoint({ result }))).not.toContain("the last line")
  })

  test("has the end of a long message, also of an older task, cut between characters", () => {
    const result = {
      text: `${"é".repeat(5000)} the conclusion`,
      isError: false,
      sessionId: null,
      costUsd: null,
      inputTokens: null,
      outputTokens: null,
      turns: null,
      structured: null
    }
    for (const text of [
      continued(checkpoint({ result })),
      continued(checkpoint(), checkpoint({ taskId: "first", result }))
    ]) {
      expect(text).toMatch(/\[…\] é+ the conclusion\n/u)
    }
  })

  test("has the beginning of a last line that is too long by itself", () => {
    const stdout = ["before", `{"answer":42,"rest":"${"x".repeat(5000)}"}`]
    expect(continued(checkpoint({ stdout }))).toMatch(
      /### Its output\n\n\{"answer":42,"rest":"x+ \[…\]\n/u
    )
  })

  test("has the failure, with the end of standard error", () => {
    const text = continued(
      checkpoint({
        status: "failed",
        failure: { type: "ExitedNonZero", exitCode: 3 },
        stderr: ["it broke"]
      })
    )
    expect(text).toContain("## Task write (failed: it exited with code 3)")
    expect(text).toContain("### The end of its standard error\n\nit broke")
  })

  test("says when a work tree is the current one", () => {
    const git = { branch: "main", commit: "abc", dirty: [], dirtyCount: 0 }
    expect(continued(checkpoint({ git, gitOf: "now" }))).toContain(
      "### Git now\n\nbranch main at abc"
    )
  })

  test("has the additional instructions of a resumed task", () => {
    expect(continued(checkpoint({ added: "In blue." }))).toContain(
      "### Its additional instructions\n\nIn blue."
    )
  })

  test("describes a detached head, a repository without commits, and a clean work tree", () => {
    expect(
      continued(checkpoint({ git: { branch: null, commit: "abc", dirty: [], dirtyCount: 0 } }))
    ).toContain("branch (detached) at abc\nnothing uncommitted")
    expect(
      continued(checkpoint({ git: { branch: "main", commit: null, dirty: [], dirtyCount: 0 } }))
    ).toContain("branch main before its first commit")
  })

  test("has older tasks in few words, the newest first", () => {
    const text = continued(
      checkpoint(),
      checkpoint({ taskId: "plan", request: "Plan it." }),
      checkpoint({ taskId: "ask", request: "Ask." })
    )
    expect(text.indexOf("## Task write")).toBeLessThan(text.indexOf("## Earlier: task plan"))
    expect(text.indexOf("task plan")).toBeLessThan(text.indexOf("task ask"))
  })
})

describe("a prompt that is resumed", () => {
  test("comes once, after its earlier result, and then the new instructions", () => {
    const text = enrich({
      how: "resume",
      prompt: "Write a file.",
      added: "In blue.",
      chain: [checkpoint({ status: "cancelled" })]
    })
    expect(text).toBe(
      [
        "# Your task was started before; continue it",
        "## Task write (cancelled)",
        "### Its output",
        "a line\nthe last line",
        "# Your task",
        "Write a file.",
        "# New instructions",
        "In blue."
      ].join("\n\n")
    )
    expect(
      enrich({ how: "resume", prompt: "p", added: null, chain: [checkpoint()] })
    ).not.toContain("New instructions")
  })
})

test("a resumed prompt that never ran is not described as started", () => {
  const never = checkpoint({ status: "cancelled", attempt: 0, stdout: [] })
  expect(enrich({ how: "resume", prompt: "p", added: null, chain: [never] })).toStartWith(
    "# Your task was cancelled before it started\n"
  )
  expect(
    enrich({ how: "resume", prompt: "p", added: null, chain: [never, checkpoint()] })
  ).toStartWith("# Your task was started before")
})

describe("the context before a prompt", () => {
  const lines = fc.array(fc.string({ maxLength: 3000, unit: "grapheme" }), { maxLength: 50 })
  const chains = fc.array(
    fc
      .record({
        request: fc.string({ maxLength: 20_000, unit: "grapheme" }),
        stdout: lines,
        stderr: lines,
        dirty: lines
      })
      .map(({ request, stdout, stderr, dirty }) =>
        checkpoint({
          request,
          stdout,
          stderr,
          status: "failed",
          failure: { type: "Lost", evidence: request },
          git: { branch: "b", commit: "c", dirty, dirtyCount: 99 }
        })
      ),
    { minLength: 1, maxLength: 20 }
  )

  test("is at most 16 KiB for any chain, and the whole prompt follows it", () => {
    fc.assert(
      fc.property(chains, fc.string({ maxLength: 100_000 }), (chain, prompt) => {
        const text = enrich({ how: "continue", prompt, added: null, chain })
        expect(text.endsWith(`# Your task\n\n${prompt}`)).toBe(true)
        const frame = "# Results of earlier tasks\n\n\n\n# Your task\n\n"
        expect(bytesOf(text) - bytesOf(prompt) - bytesOf(frame)).toBeLessThanOrEqual(
          contextMaxBytes
        )
      }),
      { numRuns: 60 }
    )
  })

  test("keeps the newest checkpoint in full and says how many it leaves out", () => {
    const long = Array.from({ length: 20 }, (_, index) =>
      checkpoint({ taskId: `t${index}`, request: "x".repeat(2000), stdout: ["y".repeat(2000)] })
    )
    const text = continued(...long)
    expect(text).toContain("## Task t0")
    expect(text).toMatch(/\(\d+ earlier tasks left out\)/u)
    expect(text).not.toContain("t19")
  })
})
