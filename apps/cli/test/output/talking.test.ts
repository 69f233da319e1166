/** Conversations with a task: what is sent, and what it answers. */
import { describe, expect, test } from "bun:test"
import { Rig } from "../Rig.ts"

/** Asks on standard error, answers on standard output, and ends with its input. */
const repl = {
  id: "repl",
  stdin: "open",
  script:
    "while printf '>>> ' >&2; read -r line; do case $line in quit) exit 0;; *) echo \"you said $line\";; esac; done"
}

describe("send", () => {
  test("returns the lines until one matched, including an incomplete one", async () => {
    await using rig = new Rig()
    await rig.data("start", repl)
    await rig.data("wait", { id: "repl", for: { log: "^>>> $" } })
    const one = await rig.data("send", { id: "repl", text: "one\n", until: "^>>> $" }, [
      "--timeout",
      "20"
    ])
    expect(one).toMatchObject({ lines: ["you said one"], partial: ">>> ", bytesWritten: 4 })
    const two = await rig.data("send", { id: "repl", text: "two\n", until: "said" }, [
      "--timeout",
      "20"
    ])
    expect(two).toMatchObject({ lines: ["you said two"] })
  })

  test("returns the output until it was idle", async () => {
    await using rig = new Rig()
    await rig.data("start", repl)
    await rig.data("wait", { id: "repl", for: { log: "^>>> $" } })
    for (const word of ["one", "two"]) {
      const answer = await rig.data("send", { id: "repl", text: `${word}\n`, quietMs: 400 }, [
        "--timeout",
        "20"
      ])
      expect(answer).toMatchObject({ lines: [`you said ${word}`], partial: ">>> " })
    }
    const last = await rig.data("send", { id: "repl", text: "quit\n", quietMs: 60_000 }, [
      "--timeout",
      "20"
    ])
    expect(last["lines"] ?? []).toEqual([])
    expect(await rig.task("wait", { id: "repl" })).toMatchObject({ status: "completed" })
  })

  test("returns the cursor before its write, after which the reply is found", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", command: "cat", stdin: "open" })
    const [first, second] = [
      await rig.data("send", { id: "x", text: "same\n" }),
      await rig.data("send", { id: "x", text: "same\n" })
    ]
    const one = await rig.data("wait", { id: "x", for: { log: "^same$" }, since: first["cursor"] })
    const two = await rig.data("wait", { id: "x", for: { log: "^same$" }, since: one["cursor"] })
    expect([one["line"], two["line"]]).toEqual(["same", "same"])
    expect(await rig.data("logs", { id: "x", since: two["cursor"] })).toMatchObject({
      totalLines: 2,
      shownLines: 0
    })
    expect(second["cursor"]).not.toBe(two["cursor"])
  })

  test("that waits for a reply that does not or cannot come reports that, and whether it delivered", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "read a; read b; echo $b; exit 0", stdin: "open" })
    const refused = await rig.refusal([
      "send",
      JSON.stringify({ id: "x", text: "never sent\n", until: "(" })
    ])
    expect(refused).toMatchObject({
      type: "CommandInputError",
      message: expect.stringContaining("until")
    })
    expect(
      await rig.refusal(["send", '{"id":"x","text":"","until":"a","quietMs":100}'])
    ).toMatchObject({ type: "CommandInputError" })
    for (const awaited of [{ until: "x" }, { quietMs: 100 }]) {
      const silent = await rig.refusal([
        "send",
        JSON.stringify({ id: "x", text: "a", ...awaited }),
        "--timeout",
        "0.2"
      ])
      expect(silent).toMatchObject({ type: "TaskWaitTimedOut", details: { retryable: true } })
    }
    const over = await rig.refusal([
      "send",
      JSON.stringify({ id: "x", text: "\nlast\n", until: "never" }),
      "--timeout",
      "20"
    ])
    expect(over).toMatchObject({ type: "IllegalTransition" })
    expect(await rig.data("logs", { id: "x", since: over.details["cursor"] })).toMatchObject({
      lines: ["last"]
    })
  })
})

describe("wait for a line", () => {
  test("returns the line and the cursor after it, and continues from there", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "echo hit 1; echo miss; echo hit 2 >&2; sleep 60" })
    const first = await rig.call(["wait", '{"id":"x","for":{"log":"hit"}}'])
    expect(first.document["data"]).toEqual({
      line: expect.stringMatching(/^hit \d$/u),
      cursor: expect.stringMatching(/^c1-/u)
    })
    const one = await rig.data("wait", { id: "x", for: { log: "^hit 1$" } })
    const next = await rig.refusal([
      "wait",
      JSON.stringify({ id: "x", for: { log: "^hit 1$" }, since: one["cursor"], timeout: 150 })
    ])
    expect(next).toMatchObject({ type: "TaskWaitTimedOut" })
    expect(await rig.refusal(["wait", '{"id":"x","since":"c1-0-0"}'])).toMatchObject({
      type: "CommandInputError",
      message: expect.stringContaining("since")
    })
    expect(
      await rig.refusal(["wait", '{"id":"x","for":{"log":"x"},"since":"soon"}'])
    ).toMatchObject({ message: expect.stringContaining("since") })
  })
})
