/**
 * Real attempts in a scratch folder, for tests: their commands announce each step as a line on a FIFO and wait at gates,
 * so that no test sleeps. Everything is killed and removed at the end.
 */
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { AttemptEnd } from "../../src/process/inspectAttempt.ts"
import { look } from "../../src/process/look.ts"
import type { AttemptSpec, OpenedAttempt, StdinSource } from "../../src/process/openAttempt.ts"
import { openAttempt } from "../../src/process/openAttempt.ts"
import { makeFifo } from "../../src/system/processes.ts"
import type { AttemptTree, RemainingProcess } from "../../src/process/remains.ts"
import { stopTree } from "../../src/process/stopTree.ts"

export type Attempt = {
  readonly tree: AttemptTree
  readonly dir: string
  readonly opened: OpenedAttempt
  readonly ended: Promise<AttemptEnd>
}
export type Wanted = Partial<Pick<AttemptSpec, "argv" | "cwd" | "env" | "script">> & {
  readonly stdin?: StdinSource
}

const readerOf = (fd: number) => Bun.file(fd).stream().getReader()

export class AttemptRig implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), "backbeat-process-"))
  readonly #steps: ReturnType<typeof readerOf>
  readonly #stepsFd: number
  readonly #trees: Array<AttemptTree> = []
  #heard = ""

  constructor() {
    this.fifo("steps")
    this.#stepsFd = openSync(join(this.root, "steps"), constants.O_RDWR | constants.O_NONBLOCK)
    this.#steps = readerOf(this.#stepsFd)
  }

  /** The environment of an attempt: its mark, and STEPS, GATE and ROOT for the scripts. */
  envOf({ mark }: AttemptTree): Record<string, string> {
    return {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      BACKBEAT_TASK_ID: mark.taskId,
      BACKBEAT_ATTEMPT: String(mark.attempt),
      BACKBEAT_HOME: mark.home,
      STEPS: join(this.root, "steps"),
      GATE: join(this.root, "gate"),
      ROOT: this.root
    }
  }

  /** A folder for an attempt that has not been opened; what it leaves is killed at the end. */
  tree(): AttemptTree {
    const count = this.#trees.length + 1
    const tree = {
      dir: join(this.root, `attempt-${count}`),
      mark: { taskId: `task-${count}`, attempt: 1, home: this.root }
    }
    this.#trees.push(tree)
    return tree
  }

  open(wanted: Wanted, tree = this.tree()): Attempt {
    const { promise, resolve } = Promise.withResolvers<AttemptEnd>()
    const { env, ...rest } = wanted
    const opened = openAttempt({
      dir: tree.dir,
      argv: [],
      cwd: this.root,
      stdin: { kind: "null" },
      env: { ...this.envOf(tree), ...env },
      onExit: resolve,
      ...rest
    })
    return { tree, dir: tree.dir, opened, ended: promise }
  }

  sh(script: string, wanted: Wanted = {}): Attempt {
    return this.open({ argv: ["/bin/sh", "-c", script], ...wanted })
  }

  fifo(name: string): string {
    const path = join(this.root, name)
    makeFifo(path)
    return path
  }

  /** The next line that a command wrote to $STEPS. */
  async step(): Promise<string> {
    while (!this.#heard.includes("\n")) {
      const { value } = await this.#steps.read()
      this.#heard += Buffer.from(value ?? []).toString()
    }
    const [line = "", ...rest] = this.#heard.split("\n")
    this.#heard = rest.join("\n")
    return line
  }

  /** Lets a command go on that reads a line from the FIFO, which a test makes with `fifo` beforehand. */
  pass(name: string): void {
    const fd = openSync(join(this.root, name), constants.O_WRONLY)
    writeSync(fd, "\n")
    closeSync(fd)
  }

  stdout(attempt: { readonly dir: string }): string {
    return readFileSync(join(attempt.dir, "stdout.log"), "utf8")
  }

  stderr(attempt: { readonly dir: string }): string {
    return readFileSync(join(attempt.dir, "stderr.log"), "utf8")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const tree of this.#trees)
      await Effect.runPromise(stopTree(tree, { stopSignal: "SIGTERM", graceMs: 0 }))
    closeSync(this.#stepsFd)
    void this.#steps.cancel()
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** The pid of a process that was opened; throws when nothing was. */
export const pidOf = ({ opened }: Attempt): number => {
  if (opened.kind !== "opened") throw new Error(`not opened: ${JSON.stringify(opened)}`)
  return opened.pid
}

export const pidsOf = (left: ReadonlyArray<RemainingProcess>): ReadonlyArray<number> =>
  left.map((each) => each.identity.pid)

/** What a look at an attempt finds. */
export const remainsOf = async ({ tree }: Pick<Attempt, "tree">): Promise<ReadonlyArray<number>> =>
  pidsOf(await Effect.runPromise(look(tree)))

export const exited = (code: number) => ({ kind: "exited", code })
export const signalled = (signal: string) => ({ kind: "signalled", signal })

export const engineProgram = join(import.meta.dir, "engineProgram.ts")

/** Opens an attempt in an engine of its own, which is SIGKILLed right after the spawn. */
export const openAndDie = async (
  rig: AttemptRig,
  tree: AttemptTree,
  { script, stdin = "null" }: { script: string; stdin?: "null" | "open" }
) => {
  const engine = Bun.spawn({
    cmd: [process.execPath, "run", engineProgram, "open", tree.dir, stdin, "/bin/sh", "-c", script],
    env: rig.envOf(tree),
    stdio: ["ignore", "inherit", "inherit"]
  })
  await engine.exited
  if (engine.signalCode !== "SIGKILL")
    throw new Error(`the engine ended with ${engine.exitCode ?? engine.signalCode}`)
}
