/** The simulated machine: its two clocks, what is due on it, and its processes. Nothing of it is real, and all of it follows from a seed. */
import { Heap } from "../../src/alarm/Heap.ts"
import { systemError } from "./systemError.ts"
import type { OpenFile } from "./OpenFile.ts"
import type { SeededRandom } from "../oracle/SeededRandom.ts"

/** How a process ended: by itself, or by a signal. */
export type ProcessEnd =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals }

/** What becomes of a signal. */
export type Disposition = "default" | "ignored" | ((signal: NodeJS.Signals) => void)

/** What a process begins with. */
export interface Birth {
  readonly parent: Process | null
  /** A process group and a session of its own. */
  readonly leads: boolean
  readonly program: string
  readonly environ: string
  readonly files: ReadonlyMap<number, OpenFile>
}

interface Event {
  readonly due: number
  readonly act: () => void
}

/** When the machine was booted, on the monotonic clock (ms): long ago, so that ticks since boot are no small numbers. */
const bootMs = 0
const startMs = 1_000_000
/** What the wall clock says first (epoch ms). */
const startAt = 1_700_000_000_000
const firstPid = 5_000_000

/** One process. */
export class Process {
  readonly kernel: Kernel
  readonly pid: number
  parent: Process | null
  pgid: number
  sid: number
  readonly startTicks: number
  program: string
  environ: string
  readonly files: Map<number, OpenFile>
  readonly dispositions = new Map<NodeJS.Signals, Disposition>()
  onExit: (end: ProcessEnd) => void = () => {}
  isStopped = false
  /** No instruction of it runs any more. */
  isOver = false
  killedBy: NodeJS.Signals | null = null
  #deferred: Array<() => void> = []

  constructor(kernel: Kernel, pid: number, birth: Birth) {
    this.kernel = kernel
    this.pid = pid
    this.parent = birth.parent
    this.pgid = birth.leads ? pid : (birth.parent?.pgid ?? pid)
    this.sid = birth.leads ? pid : (birth.parent?.sid ?? pid)
    this.startTicks = Math.floor((kernel.steadyMs - bootMs) / 10)
    this.program = birth.program
    this.environ = birth.environ
    this.files = new Map([...birth.files].map(([fd, file]) => [fd, file.share()]))
  }

  /** Runs its next instructions after so many milliseconds; later when it stands still, never when it is over. */
  after(ms: number, act: () => void): void {
    this.kernel.after(ms, () => this.#run(act))
  }

  #run(act: () => void): void {
    if (this.isOver) return
    if (this.isStopped) this.#deferred.push(act)
    else act()
  }

  close(fd: number): void {
    this.files.get(fd)?.release()
    this.files.delete(fd)
  }

  /** Takes a signal; one that would end it does so a moment later. */
  take(signal: NodeJS.Signals): void {
    if (this.isOver) return
    if (signal === "SIGKILL") return this.#die(signal)
    if (signal === "SIGSTOP") {
      this.isStopped = true
      return
    }
    if (signal === "SIGCONT") {
      this.isStopped = false
      for (const act of this.#deferred.splice(0)) this.#run(act)
      return
    }
    this.#run(() => {
      const disposition = this.dispositions.get(signal) ?? "default"
      if (disposition === "default") this.#die(signal)
      else if (disposition !== "ignored") disposition(signal)
    })
  }

  #die(signal: NodeJS.Signals): void {
    this.isOver = true
    this.killedBy = signal
    this.kernel.after(this.kernel.random.next(), () =>
      this.kernel.remove(this, { kind: "signalled", signal })
    )
  }

  exit(code: number): void {
    if (this.isOver) return
    this.isOver = true
    this.kernel.remove(this, { kind: "exited", code })
  }
}

/** The machine. */
export class Kernel {
  readonly random: SeededRandom
  readonly bootId = "00000000-0000-4000-8000-000000000001"
  readonly processes = new Map<number, Process>()
  steadyMs = startMs
  #wallAheadMs = startAt - startMs
  #nextPid = firstPid
  readonly #events = new Heap<Event>()

  constructor(random: SeededRandom) {
    this.random = random
  }

  get wallMs(): number {
    return this.steadyMs + this.#wallAheadMs
  }

  /** Somebody sets the wall clock. */
  setWall(byMs: number): void {
    this.#wallAheadMs += byMs
  }

  after(ms: number, act: () => void): void {
    this.#events.add({ due: this.steadyMs + Math.max(0, ms), act })
  }

  /** When something is due next; infinite when nothing is. */
  get nextDue(): number {
    return this.#events.first()?.due ?? Number.POSITIVE_INFINITY
  }

  /** Lets time pass, and all that is due in it happen. */
  advanceTo(steadyMs: number): void {
    for (
      let next = this.#events.first();
      next !== undefined && next.due <= steadyMs;
      next = this.#events.first()
    ) {
      this.#events.removeFirst()
      this.steadyMs = Math.max(this.steadyMs, next.due)
      next.act()
    }
    this.steadyMs = Math.max(this.steadyMs, steadyMs)
  }

  begin(birth: Birth): Process {
    const pid = this.#nextPid
    this.#nextPid += 1 + this.random.below(3)
    const process = new Process(this, pid, birth)
    this.processes.set(pid, process)
    return process
  }

  /** A process is gone, with its descriptors. */
  remove(process: Process, end: ProcessEnd): void {
    this.processes.delete(process.pid)
    for (const fd of process.files.keys()) process.close(fd)
    for (const each of this.processes.values()) if (each.parent === process) each.parent = null
    process.onExit(end)
  }

  /** Sends a signal as kill(2) does; 0 only asks. Throws ESRCH when there is nobody. */
  signal(target: number, signal: NodeJS.Signals | 0): void {
    const meant = [...this.processes.values()].filter((each) =>
      target > 0 ? each.pid === target : each.pgid === -target
    )
    if (meant.length === 0) throw systemError("ESRCH", `no such process, kill ${target}`)
    if (signal !== 0) for (const each of meant) each.take(signal)
  }
}
