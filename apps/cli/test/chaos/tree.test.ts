import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { isAlive } from "../processes.ts"
import { atLine } from "./Shown.ts"

/** Scripts that print "up" when their tree stands; each process of it appends its pid to $PIDS. */
const trees: ReadonlyArray<readonly [title: string, processes: number, script: string]> = [
  [
    "a child that ignores SIGTERM behind a leader that obeys",
    2,
    `echo $$ >>$PIDS; sh -c 'trap "" TERM; echo $$ >>$PIDS; echo up; while :; do sleep 1; done' & trap 'exit 0' TERM; wait`
  ],
  [
    "a grandchild in a session of its own",
    2,
    `echo $$ >>$PIDS; sh -c "setsid sh -c 'echo \\$\\$ >>$PIDS; echo up; exec sleep 60'" & wait`
  ],
  [
    "a daemon that forked twice and has no environment",
    2,
    `echo $$ >>$PIDS; (env -i setsid sh -c "(echo \\$\\$ >>$PIDS; echo up; exec sleep 60) & exit") & sleep 60`
  ],
  [
    "a daemon without an environment and without the descriptors it was given, but in the group",
    2,
    `echo $$ >>$PIDS; (env -i sh -c "echo \\$\\$ >>$PIDS; exec 3>&-; echo up; exec sleep 60") & sleep 60`
  ],
  [
    "a child that took a session, no environment and none of the descriptors, behind a parent that exits at SIGTERM",
    2,
    `echo $$ >>$PIDS; env -i setsid -w sh -c "exec 3>&-; trap '' TERM; echo \\$\\$ >>$PIDS; echo up; while :; do sleep 1; done" & trap 'exit 0' TERM; wait`
  ],
  [
    "a daemon that ignores SIGTERM, left behind by a leader that exits at it",
    2,
    `echo $$ >>$PIDS; setsid sh -c 'trap "" TERM; echo $$ >>$PIDS; echo up; while :; do sleep 1; done' & trap 'exit 0' TERM; wait`
  ],
  [
    "two hundred processes that fork on",
    200,
    `echo $$ >>$PIDS; n=0; while [ $n -lt 199 ]; do sh -c 'trap "" TERM; echo $$ >>$PIDS; exec sleep 60' & n=$((n+1)); done; while [ $(wc -l <$PIDS) -lt 200 ]; do sleep 0.05; done; echo up; wait`
  ],
  [
    "a child that starts another at each SIGTERM",
    1,
    `echo $$ >>$PIDS; trap 'setsid sh -c "echo \\$\\$ >>$PIDS; exec sleep 60" &' TERM; echo up; while :; do sleep 0.02; done`
  ]
]

describe("no process is alive after a stop of", () => {
  for (const [title, processes, script] of trees) {
    test(title, async () => {
      await using rig = new Rig()
      const pids = join(rig.scratch, "pids")
      await rig.data("start", { id: "t", script, env: { PIDS: pids }, gracePeriodMs: 400 })
      await atLine(rig, "t", "up")
      expect(await rig.task("stop", { id: "t" })).toMatchObject({ status: "cancelled" })
      const seen = readFileSync(pids, "utf8").trim().split("\n").map(Number)
      expect(seen.filter(isAlive)).toEqual([])
      expect(seen.length).toBeGreaterThanOrEqual(processes)
    })
  }
})

test("a timeout stops the whole process tree, even if the engine was killed before it was due", async () => {
  await using rig = new Rig()
  const pids = join(rig.scratch, "pids")
  const script = `echo $$ >>$PIDS; setsid sh -c 'trap "" TERM; echo $$ >>$PIDS; echo up; while :; do sleep 1; done' & sleep 60`
  const begunAt = performance.now()
  await rig.data("start", {
    id: "t",
    script,
    env: { PIDS: pids },
    timeout: 1000,
    gracePeriodMs: 300
  })
  await atLine(rig, "t", "up")
  await rig.killEngine()
  expect(await rig.task("wait", { id: "t" })).toMatchObject({
    status: "failed",
    failure: { type: "TimedOut" }
  })
  expect(performance.now() - begunAt).toBeGreaterThanOrEqual(1000)
  expect(readFileSync(pids, "utf8").trim().split("\n").map(Number).filter(isAlive)).toEqual([])
})
