/** The calls that start, signal and await processes: those of the system, which the simulator replaces by its own. */
import { closeSync } from "node:fs"
import { nativeFifo } from "./libc.ts"

/** A process to be started in a session and a process group of its own. */
export interface SpawnOrder {
  readonly cmd: ReadonlyArray<string>
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** The descriptors that it gets, by their numbers there; null is nothing. */
  readonly stdio: ReadonlyArray<number | null>
  /** Called once when it has ended, with the most memory that one of its processes had, in bytes. */
  readonly onExit: (peakBytes: number) => void
}

/** What starts, signals and awaits processes. */
export interface ProcessCalls {
  /** Sends a signal to a process, or to a group by its negative id; 0 only asks. Throws what kill(2) answers. */
  readonly sendSignal: (target: number, signal: NodeJS.Signals | 0) => void
  /** Starts a process that outlives this program, and gives its pid. Throws when the system refuses. */
  readonly spawnDetached: (order: SpawnOrder) => number
  /** Makes a FIFO with mode 0600; false when it could not, most often because the path exists. Source: POSIX mkfifo(3). */
  readonly makeFifo: (path: string) => boolean
  /** Calls back once, when nobody holds the write end of a FIFO any more. Closes the descriptor then, or when it is cancelled. */
  readonly onHangUp: (fd: number, hungUp: () => void) => () => void
}

const native: ProcessCalls = {
  sendSignal: (target, signal) => void process.kill(target, signal),
  spawnDetached: ({ cmd, cwd, env, stdio, onExit }) => {
    const [stdin = null, stdout = null, stderr = null, ...more] = stdio
    const child = Bun.spawn({
      cmd: [...cmd],
      cwd,
      env,
      detached: true,
      stdio: [stdin, stdout, stderr, ...more],
      onExit: (ended) => onExit(ended.resourceUsage()?.maxRSS ?? 0)
    })
    child.unref()
    return child.pid
  },
  makeFifo: nativeFifo,
  onHangUp: (fd, hungUp) => {
    const reader = Bun.file(fd).stream().getReader()
    let open = true
    const close = () => {
      open = false
      closeSync(fd)
    }
    const drain = async () => {
      for (;;) {
        const { done } = await reader.read()
        if (!open) return
        if (!done) continue
        close()
        return hungUp()
      }
    }
    void drain()
    return () => {
      if (!open) return
      close()
      void reader.cancel()
    }
  }
}

export let { makeFifo, onHangUp, sendSignal, spawnDetached } = native

/** Replaces all of them; by those of the system when null. */
export const replaceProcesses = (calls: ProcessCalls | null): void => {
  ;({ makeFifo, onHangUp, sendSignal, spawnDetached } = calls ?? native)
}
