import { describe, expect, test } from "bun:test"
import { callText } from "@backbeat/contract/callText"

describe("a call for a shell", () => {
  test("is read by sh as the intended payload", () => {
    const payload = { script: `echo 'it''s' "$HOME" \`date\` \\ | cat`, name: "'" }
    const { stdout } = Bun.spawnSync([
      "sh",
      "-c",
      `backbeat() { printf '%s' "$2"; }\n${callText("start", payload)}`
    ])
    expect(JSON.parse(stdout.toString())).toEqual(payload)
  })

  test("names the operation as it is typed", () => {
    expect(callText("config path", {})).toBe("backbeat config path '{}'")
  })
})
