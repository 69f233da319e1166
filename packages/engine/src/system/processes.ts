/** The calls that start, signal and await processes. The simulator replaces them. */
import { closeSync } from "node:fs"
import { nativeFifo } from "./libc.ts"

/** A process to start, in its own session and process group. */
export interface SpawnOrder {
  readonly cmd: ReadonlyArray<string>
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** The descriptors of the process by number; null is /dev/null. */
  readonly stdio: ReadonlyArray<number | null>
  /** Called once when it has ended, with the maximum memory of one of its processes, in bytes. */
  readonly onExit: (peakBytes: number) => void
}

/** Starts, signals and awaits processes. */
export interface ProcessCalls {
  /**
   * Sends a signal to a process, or to a group by its negative id; 0 only checks. Throws the errors
   * of kill(2).
   */
  readonly sendSignal: (target: number, signal: NodeJS.Signals | 0) => void
  /**
   * Starts a process that outlives this program, and returns its pid. Throws if the system refuses.
   */
  readonly spawnDetached: (order: SpawnOrder) => number
  /**
   * Creates a FIFO with mode 0600; false on failure, usually because the path exists. Source: POSIX
   * mkfifo(3).
   */
  readonly makeFifo: (path: string) => boolean
  /**
   * Calls back once when no process holds the write end of a FIFO. Closes the descriptor then, or
   * on cancellation.
   */
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

/** Replaces all calls; null restores those of the system. */
export const replaceProcesses = (calls: ProcessCalls | null): void => {
  ;({ makeFifo, onHangUp, sendSignal, spawnDetached } = calls ?? native)
}
