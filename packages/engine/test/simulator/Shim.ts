/**
 * The shim and the command of an attempt, step by step as src/process/shim.ts takes them. Between any two steps time passes, in which
 * anybody may be killed.
 */
import { constants } from "node:os"
import { join } from "node:path"
import { orderVariable, shimName } from "../../src/process/shimCall.ts"
import type { SpawnOrder } from "../../src/system/processes.ts"
import type { Behaviour, Leftover } from "./Behaviour.ts"
import type { Disk } from "./Disk.ts"
import type { DiskNode } from "./DiskNode.ts"
import type { Kernel, Process, ProcessEnd } from "./Kernel.ts"
import { systemError } from "./systemError.ts"
import { OpenFile } from "./OpenFile.ts"
import type { Run, Truth } from "./Truth.ts"

/** What a shim runs on. */
export interface Machine {
  readonly kernel: Kernel
  readonly disk: Disk
  readonly truth: Truth
  /** What the command of an attempt does. */
  readonly behaviourOf: (id: string, attempt: number) => Behaviour
}

const environOf = (env: SpawnOrder["env"]): string =>
  Object.entries(env)
    .map(([name, value]) => `${name}=${value}\0`)
    .join("")

/** The command does not get what only its shim is told. */
const withoutOrder = (environ: string): string => environ.replaceAll(/_backbeat_[^\0]*\0/gu, "")

/** A write of the shell, which ignores that there is no room unless it asks. */
const tryWrite = ({ disk }: Machine, file: OpenFile | undefined, text: string): boolean => {
  if (file === undefined) return false
  const from = file.appends ? file.node.data.length : file.position
  try {
    disk.write(file.node, Buffer.from(text), from)
    file.position = from + text.length
    return true
  } catch {
    return false
  }
}

const asks = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const

/** One attempt on its way. */
class Attempt {
  readonly #machine: Machine
  readonly #dir: string
  readonly #order: string
  readonly #run: Run
  readonly #shim: Process
  readonly #behaviour: Behaviour

  constructor(machine: Machine, shim: Process, env: SpawnOrder["env"], run: Run) {
    this.#machine = machine
    this.#shim = shim
    this.#dir = env["_backbeat_at"] ?? ""
    this.#order = env[orderVariable] ?? ""
    this.#run = run
    this.#behaviour = machine.behaviourOf(run.id, run.attempt)
  }

  /** The next step of a process, some moments later. */
  #soon(process: Process, act: () => void): void {
    process.after(this.#machine.kernel.random.next() * 3, act)
  }

  begin(): void {
    this.#soon(this.#shim, () => this.#claim())
  }

  #claim(): void {
    const { disk } = this.#machine
    let node: DiskNode
    try {
      node = disk.make(join(this.#dir, "claim"), "file", 0o600)
    } catch {
      return this.#shim.exit(0)
    }
    this.#soon(this.#shim, () => {
      const record = new OpenFile(node, join(this.#dir, "claim"), {
        reads: false,
        writes: true,
        appends: true
      })
      this.#shim.files.set(2, record.share())
      const claim = `shim ${this.#shim.pid} ${this.#order}\n${" ".repeat(200)}\n`
      if (!tryWrite(this.#machine, record, claim)) {
        if (disk.find(this.#dir)?.kind === "folder")
          disk.make(join(this.#dir, "unclaimed"), "file", 0o600)
        return this.#shim.exit(0)
      }
      this.#soon(this.#shim, () => this.#fork())
    })
  }

  #fork(): void {
    for (const signal of asks) this.#shim.dispositions.set(signal, "ignored")
    const { kernel } = this.#machine
    const command = this.#spawn(this.#shim, false)
    command.onExit = (end) => {
      this.#run.endedMs = kernel.steadyMs
      this.#run.end = end
      this.#soon(this.#shim, () => this.#record(end))
    }
    this.#soon(command, () => this.#exec(command))
  }

  #spawn(parent: Process, leads: boolean): Process {
    const { kernel, truth } = this.#machine
    const { environ, files, program } = parent
    const child = kernel.begin({ parent, leads, program, environ, files })
    truth.processes.set(child, { id: this.#run.id, attempt: this.#run.attempt })
    return child
  }

  #exec(command: Process): void {
    command.program = `/bin/sh\0${join(this.#dir, "script")}\0`
    command.environ = withoutOrder(command.environ)
    const stderr = command.files.get(4)
    command.close(2)
    if (stderr !== undefined) command.files.set(2, stderr.share())
    for (const fd of [4, 5, 6]) command.close(fd)
    this.#run.command = command
    this.#run.begunMs = this.#machine.kernel.steadyMs
    this.#machine.truth.onBegin(this.#run)
    this.#behave(command)
  }

  #behave(command: Process): void {
    const { exitCode, lastsMs, leaves, onTerm, writesAtMs } = this.#behaviour
    for (const leftover of leaves) this.#soon(command, () => this.#leave(command, leftover))
    for (const atMs of writesAtMs)
      command.after(atMs, () => {
        if (tryWrite(this.#machine, command.files.get(1), "a line\n"))
          this.#run.wroteMs = this.#machine.kernel.steadyMs
      })
    if (lastsMs !== null) command.after(lastsMs, () => command.exit(exitCode))
    if (onTerm === "dies") return
    for (const signal of asks)
      command.dispositions.set(
        signal,
        onTerm === "goesOn" ? "ignored" : () => command.after(onTerm, () => command.exit(1))
      )
  }

  #leave(command: Process, { ignoresTerm, keepsAlive, lastsMs, leads }: Leftover): void {
    const left = this.#spawn(command, leads)
    left.program = "/bin/sleep\x0060\0"
    if (!keepsAlive) left.close(3)
    if (ignoresTerm) for (const signal of asks) left.dispositions.set(signal, "ignored")
    if (lastsMs !== null) left.after(lastsMs, () => left.exit(0))
  }

  #record(end: ProcessEnd): void {
    const record = this.#shim.files.get(2)
    const status = end.kind === "exited" ? end.code : 128 + (constants.signals[end.signal] ?? 0)
    // A shell says that a command died by a signal.
    if (end.kind === "signalled")
      tryWrite(this.#machine, record, `${end.signal} told by the shell\n`)
    tryWrite(this.#machine, record, "0m0.010s 0m0.000s\n0m0.010s 0m0.000s\n")
    this.#soon(this.#shim, () => {
      if (tryWrite(this.#machine, record, `end 2 ${status}\n`))
        this.#run.recordedMs = this.#machine.kernel.steadyMs
      this.#soon(this.#shim, () => this.#shim.exit(0))
    })
  }
}

/** Starts a shim as the engine asks for it; `fileOf` gives what its descriptors lead to. */
export const spawnShim = (
  machine: Machine,
  { cmd, env, stdio }: SpawnOrder,
  fileOf: (fd: number) => OpenFile | undefined
): Process => {
  const { kernel, truth } = machine
  const files = new Map<number, OpenFile>()
  for (const [fd, from] of stdio.entries()) {
    const file = from === null ? undefined : fileOf(from)
    if (from !== null && file === undefined) throw systemError("EBADF", `no descriptor ${from}`)
    if (file !== undefined) files.set(fd, file)
  }
  const shim = kernel.begin({
    parent: null,
    leads: true,
    program: `${cmd.join("\0")}\0`,
    environ: environOf(env),
    files
  })
  if (cmd.at(-1) !== shimName) throw new Error(`not a shim: ${cmd.join(" ")}`)
  const [id, attempt] = [env["BACKBEAT_TASK_ID"] ?? "", Number(env["BACKBEAT_ATTEMPT"])]
  const run: Run = {
    id,
    attempt,
    shim,
    spawnedMs: kernel.steadyMs,
    spawnedWallMs: kernel.wallMs,
    begunMs: null,
    endedMs: null,
    end: null,
    recordedMs: null,
    wroteMs: null,
    command: null
  }
  truth.runs.push(run)
  truth.processes.set(shim, { id, attempt })
  new Attempt(machine, shim, env, run).begin()
  return shim
}
