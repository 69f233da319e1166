import { describe, expect, test } from "bun:test"
import { mkdirSync, rmSync } from "node:fs"
import { recordPath } from "../../src/process/AttemptRecord.ts"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identify, isAlive } from "../../src/process/Identity.ts"
import { look, lookTogether } from "../../src/process/look.ts"
import { readProcFile } from "../../src/process/ProcessTable.ts"
import { signalGroup } from "../../src/process/posix.ts"
import { stopTree } from "../../src/process/stopTree.ts"
import { AttemptRig, pidOf, pidsOf, remainsOf } from "./AttemptRig.ts"

const waiting = "echo $$ >$STEPS; exec sleep 1000"

const identityOf = (pid: number) => {
  const identity = identify(pid)
  if (identity === null) throw new Error(`no process ${pid}`)
  return identity
}

const looks = [
  ["look", look],
  ["lookTogether", (tree: Parameters<typeof look>[0]) => lookTogether(tree, [])]
] as const

for (const [name, lookAt] of looks) {
  describe(`those who ask by ${name} at once`, () => {
    test("are answered from one reading", async () => {
      await using rig = new AttemptRig()
      const one = rig.sh(waiting)
      await rig.step()
      const other = rig.sh(waiting)
      const command = Number(await rig.step())
      const identity = identityOf(command)
      // The first to be answered ends what the other is told of, so that a later reading would not have it.
      const endOther = () => {
        signalGroup(pidOf(other), "SIGKILL")
        while (isAlive(identity));
      }
      const ending = Effect.runPromise(Effect.tap(lookAt(one.tree), () => Effect.sync(endOther)))
      const found = Effect.runPromise(lookAt(other.tree))
      await ending
      expect(isAlive(identity)).toBe(false)
      expect(pidsOf(await found)).toEqual([pidOf(other), command])
      await other.ended
      expect(await remainsOf(other)).toEqual([])
    })

    test("see what began or ended after the first of them asked", async () => {
      await using rig = new AttemptRig()
      const one = rig.sh(waiting)
      const two = rig.sh(waiting)
      const commands = [Number(await rig.step()), Number(await rig.step())]
      const [first, second] = [one, two].map(({ tree }) => Effect.runPromise(lookAt(tree)))
      const spawned = Bun.spawn({
        cmd: ["/bin/sleep", "1000"],
        env: rig.envOf(one.tree),
        detached: true,
        stdio: ["ignore", "ignore", "ignore"]
      })
      // It shows no environment in the instant in which it execs.
      while ((readProcFile(`/proc/${spawned.pid}/environ`)?.length ?? 0) === 0);
      const ended = identityOf(pidOf(two))
      signalGroup(pidOf(two), "SIGKILL")
      while (isAlive(ended) || commands.filter((pid) => identify(pid) !== null).length > 1);
      expect(pidsOf((await first) ?? [])).toContain(spawned.pid)
      expect(await second).toEqual([])
      spawned.kill("SIGKILL")
      await spawned.exited
    })

    test("each see their own processes alone, wherever these carry their proof", async () => {
      await using rig = new AttemptRig()
      const left =
        "setsid sh -c 'echo 1 >$STEPS; exec sleep 1000' 3>&- & setsid env -i STEPS=$STEPS sh -c 'echo 2 >$STEPS; exec sleep 1000' 9>&3 3>&- &"
      const attempts = Array.from({ length: 3 }, () => rig.sh(`${left} echo 3 >$STEPS; wait`))
      for (let up = 0; up < 9; up++) await rig.step()
      const found = await Promise.all(attempts.map(({ tree }) => Effect.runPromise(lookAt(tree))))
      const alone: Array<ReadonlyArray<number>> = []
      for (const { tree } of attempts) alone.push(pidsOf(await Effect.runPromise(look(tree))))
      expect(found.map(pidsOf)).toEqual(alone)
      // The shim, the command, and what it started.
      expect(alone.map((pids) => pids.length)).toEqual([4, 4, 4])
      expect(new Set(alone.flat()).size).toBe(12)
    })

    test("find one whose claim cannot be read by its mark", async () => {
      await using rig = new AttemptRig()
      const attempt = rig.sh(waiting)
      await rig.step()
      const other = rig.sh(waiting)
      await rig.step()
      rmSync(recordPath(other.dir))
      mkdirSync(recordPath(other.dir))
      const damaged = Effect.runPromise(lookAt(other.tree))
      const found = Effect.runPromise(lookAt(attempt.tree))
      expect(pidsOf(await damaged)).toHaveLength(2)
      expect(pidsOf(await found)).toHaveLength(2)
    })
  })
}

describe("a task's look that was interrupted", () => {
  test("leaves the others theirs", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh(waiting)
    await rig.step()
    const abort = new AbortController()
    const interrupted = Effect.runPromiseExit(lookTogether(attempt.tree, []), {
      signal: abort.signal
    })
    abort.abort()
    expect(Exit.isFailure(await interrupted)).toBe(true)
    expect(pidsOf(await Effect.runPromise(lookTogether(attempt.tree, [])))).toHaveLength(2)
  })
})

test("30 attempts that are stopped at once leave nothing alive", async () => {
  await using rig = new AttemptRig()
  const escape = "setsid sh -c 'echo $$ >$STEPS; exec sleep 1000' 3>&- & "
  const attempts = Array.from({ length: 30 }, (_, index) =>
    rig.sh(`${index % 3 === 0 ? escape : "echo 0 >$STEPS;"} echo $$ >$STEPS; wait; exec sleep 1000`)
  )
  const pids: Array<number> = []
  for (let up = 0; up < 60; up++) pids.push(Number(await rig.step()))
  const identities = pids.filter((pid) => pid > 0).map(identityOf)
  const graceMs = 3_600_000
  await Promise.all(
    attempts.map(({ tree }) =>
      Effect.runPromise(stopTree(tree, { stopSignal: "SIGTERM", graceMs }))
    )
  )
  expect(identities).toHaveLength(40)
  expect(identities.filter(isAlive)).toEqual([])
  for (const attempt of attempts) expect(await remainsOf(attempt)).toEqual([])
})
