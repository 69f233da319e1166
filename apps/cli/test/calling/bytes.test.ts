// The bytes of typical answers, kept in bytes.json so that a growth is seen in review. Agents pay for every one of them.
import { expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

const path = join(import.meta.dir, "bytes.json")

/** An answer with what is another one in each run in the place of that, as long as it usually is. */
const steady = (text: string, scratch: string): string =>
  text
    .replaceAll(scratch, "/tmp/scratch")
    .replaceAll(/"(pid|durationMs|silentMs|cpuMs|timeoutMs)":\d+/gu, '"$1":12345')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/gu, "2026-11-29T08:00:00.000Z")
    .replaceAll(/"cursor":"[^"]*"/gu, '"cursor":"1:120:0"')
    .replaceAll(/"\d+ [\w/]*\/sleep/gu, '"12345 /usr/bin/sleep')
    .replaceAll(/,"peakMemoryBytes":\d+/gu, "")
    .replaceAll(/[\d.]+ (ms|s|seconds|MiB|%)/gu, "1.5 $1")

const build =
  "for n in 1 2 3 4 5 6 7 8; do echo \"compiling $n\"; done; echo 'src/parse.ts:12: error: expected a number' >&2; echo 'make: *** [all] Error 2' >&2; exit 2"

/** What is called, in this order; of these answers each task of a list, and a typical single one, has an aim. */
const calls: ReadonlyArray<readonly [args: ReadonlyArray<string>, aim?: number]> = [
  [["start", '{"id":"web","command":"sleep","args":["60"],"tags":["dev"]}'], 150],
  [["start", '{"id":"unit","command":"true"}', "--wait"], 150],
  [["start", JSON.stringify({ id: "build", script: build }), "--wait"]],
  [
    [
      "start",
      '[{"id":"a","command":"true"},{"id":"b","command":"true"},{"id":"c","command":"true"}]',
      "--wait"
    ]
  ],
  [
    [
      "start",
      '[{"id":"d","command":"sleep","args":["60"]},{"id":"e","command":"sleep","args":["60"]}]'
    ]
  ],
  [
    [
      "start",
      JSON.stringify(
        ["f", "g", "h"].map((id) => ({ id, script: id === "f" ? "echo oops; exit 3" : "true" }))
      ),
      "--wait"
    ]
  ],
  [["events", '{"id":"unit"}']],
  [["events", '{"id":"web"}', "--stream"]],
  [["status", "web"], 220],
  [["status", "unit"], 220],
  [["status", '["web","unit"]']],
  [["wait", "unit"], 200],
  [["wait", "build"]],
  [["wait", '["a","b","f"]']],
  [["list", '{"limit":4}'], 4 * 130],
  [["restart", "unit", "--wait"], 200],
  [["stop", "web"], 200],
  [["stop", "web"], 200],
  [["stop", '["d","e"]']],
  [["pipeline", "create", '{"id":"p","steps":["true","true"]}', "--wait"], 200],
  [
    [
      "pipeline",
      "create",
      '{"id":"q","tasks":[{"key":"lint","script":"true"},{"key":"unit","script":"echo no; exit 1","dependsOn":["lint"]}]}',
      "--wait"
    ]
  ],
  [["pipeline", "get", "q"]],
  [["logs", "build"]],
  [["why", "build"]],
  [["status", "wbe"]],
  [["start", '{"comand":"ls"}']]
]

test("typical answers have the sizes in bytes.json", async () => {
  await using rig = new Rig()
  const told: Array<{ readonly call: string; readonly bytes: number; readonly answer: string }> = []
  for (const [args, aim] of calls) {
    const { stderr, stdout } = await rig.call(args)
    const answer = steady(stdout + stderr, rig.scratch).trimEnd()
    const bytes = Buffer.byteLength(answer)
    told.push({ call: args.join(" "), bytes, answer })
    if (aim !== undefined)
      expect({ call: args.join(" "), answer, fits: bytes <= aim }).toMatchObject({ fits: true })
  }
  if (process.env["BACKBEAT_UPDATE_BYTES"] === "1")
    writeFileSync(path, `${JSON.stringify(told, null, 1)}\n`)
  expect(told).toEqual(JSON.parse(readFileSync(path, "utf8")))
})
