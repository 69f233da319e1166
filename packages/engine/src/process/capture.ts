/** Runs a short program for what it prints, with bounds on time and size, and leaves nothing of it running. */
import { signalGroup } from "./posix.ts"

/** What to run, and for how long and how much at most. */
export interface Capture {
  readonly cmd: ReadonlyArray<string>
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly maxBytes: number
}

/** What is in the pipe when the program has ended is read for so long; a child that it left may hold the pipe for ever. */
const afterwardsMs = 500

/** Standard output as text; null when the program cannot be run, fails, takes too long or prints too much. Never throws. */
export const capture = async ({
  cmd,
  cwd,
  env,
  timeoutMs,
  maxBytes
}: Capture): Promise<string | null> => {
  try {
    const child = Bun.spawn({
      cmd: [...cmd],
      cwd,
      env,
      stdio: ["ignore", "pipe", "ignore"],
      detached: true
    })
    const reader = child.stdout.getReader()
    const parts: Array<Uint8Array> = []
    const read = async (): Promise<boolean> => {
      for (let bytes = 0; ;) {
        const { done, value } = await reader.read()
        if (done) return true
        bytes += value.length
        if (bytes > maxBytes) return false
        parts.push(value)
      }
    }
    const reading = read()
    const ended = child.exited.then((exitCode) =>
      Promise.race([reading, Bun.sleep(afterwardsMs).then(() => true)]).then(
        (whole) => whole && exitCode === 0
      )
    )
    const tooMuch = reading.then((whole) => (whole ? new Promise<boolean>(() => undefined) : false))
    const good = await Promise.race([ended, tooMuch, Bun.sleep(timeoutMs).then(() => false)])
    signalGroup(child.pid, "SIGKILL")
    void reader.cancel().catch(() => undefined)
    return good ? Buffer.concat(parts).toString("utf8") : null
  } catch {
    return null
  }
}
