/** What befalls a home while tasks run in it: each means is one act at a random moment. */
import { recordPath } from "@backbeat/engine/process/AttemptRecord"
import { readClaim } from "@backbeat/engine/process/Claim"
import { signalProcess } from "@backbeat/engine/process/posix"
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { enginesOf, isAlive } from "../processes.ts"
import type { SmallDisk } from "../SmallDisk.ts"
import { killEngines } from "./engines.ts"
import type { Still } from "@backbeat/engine/test/oracle/judgeTask"
import type { SeededRandom } from "@backbeat/engine/test/oracle/SeededRandom"

/** Where a means strikes; `damaged` are the tasks whose folders have lost something, `stopped` those whose shim stood still, `still` when the engine did. */
export interface Field {
  readonly home: string
  /** Counted from 0. */
  readonly round: number
  readonly random: SeededRandom
  readonly damaged: Set<string>
  readonly stopped: Set<string>
  readonly still: Array<Still>
  readonly disk: SmallDisk | null
  /** Ends when an engine serves. */
  readonly bringUp: () => Promise<void>
}

/** A means; ends when it is over. */
export type Means = (field: Field) => Promise<void>

const claimsIn = (
  home: string
): ReadonlyArray<{ readonly id: string; readonly dir: string; readonly pid: number }> => {
  try {
    return readdirSync(join(home, "tasks"), { recursive: true, encoding: "utf8" }).flatMap(
      (path) => {
        const [id = "", attempt = "", name] = path.split("/")
        const dir = join(home, "tasks", id, attempt)
        if (name !== "alive") return []
        const claim = readClaim(dir)
        return claim.kind === "shim" && isAlive(claim.pid) ? [{ id, dir, pid: claim.pid }] : []
      }
    )
  } catch {
    // Folders come and go.
    return []
  }
}

const remake = (path: string): void => {
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path)
}

const damages: ReadonlyArray<(dir: string) => void> = [
  (dir) => rmSync(dir, { recursive: true, force: true }),
  remake,
  (dir) => rmSync(recordPath(dir), { force: true }),
  (dir) => remake(recordPath(dir)),
  (dir) => rmSync(join(dir, "alive"), { force: true }),
  (dir) => {
    rmSync(dir, { recursive: true, force: true })
    writeFileSync(dir, "")
  },
  (dir) => rmSync(join(dir, ".."), { recursive: true, force: true })
]

const signalEngines = (home: string, signal: NodeJS.Signals): void => {
  for (const pid of enginesOf(home)) signalProcess(pid, signal)
}

/** The names of the means. */
export const meansNames = [
  "kill",
  "stoppedEngine",
  "stoppedShim",
  "damage",
  "fullDisk",
  "crowd"
] as const

/** Every means by its name. */
export const means: Readonly<Record<(typeof meansNames)[number], Means>> = {
  kill: async ({ home }) => {
    killEngines(home)
  },
  stoppedEngine: async ({ home, round, random, still, bringUp }) => {
    // Every third time for longer than a time limit lasts.
    const isLong = round % 3 === 2
    if (isLong && random.below(4) > 0) {
      // Of what another engine has spawned the end and the limit come at once: of its own children an engine hears first.
      killEngines(home)
      await bringUp()
    }
    signalEngines(home, "SIGSTOP")
    const from = Date.now()
    await Bun.sleep(isLong ? 1500 : random.next() * 150)
    still.push({ from, until: Date.now() })
    signalEngines(home, "SIGCONT")
  },
  stoppedShim: async ({ home, random, stopped }) => {
    const shims = claimsIn(home)
    if (shims.length > 0) {
      const { id, pid } = random.pick(shims)
      stopped.add(id)
      signalProcess(pid, "SIGSTOP")
    }
    if (random.below(2) === 0) killEngines(home)
  },
  damage: async ({ home, round, random, damaged }) => {
    const attempts = claimsIn(home)
    if (attempts.length === 0) return
    const { id, dir } = random.pick(attempts)
    if (random.below(4) > 0) killEngines(home)
    damaged.add(id)
    damages[round % damages.length]?.(dir)
  },
  fullDisk: async ({ home, round, random, disk }) => {
    disk?.fill()
    await Bun.sleep(100 + random.next() * 300)
    // Not in the second half of twenty rounds: the next engine finds by itself what this one could not store.
    if (round % 4 === 1 && round % 20 < 10) killEngines(home)
    disk?.free()
  },
  // The starts themselves are the means.
  crowd: async ({ home, random }) => {
    if (random.below(3) === 0) killEngines(home)
  }
}
