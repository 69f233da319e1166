/** Runs a program for what it does and prints, with a bound on its time, and leaves nothing of it running. */
import { errorMessage } from "./thrown.ts"
import { signalGroup } from "./posix.ts"

/** What to run. `stdin` is its standard input. */
export interface ProgramCall {
  readonly cmd: ReadonlyArray<string>
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly stdin?: string
}

/** What became of it; `exitCode` is null when it was not run, or was killed. */
export interface ProgramEnd {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A child that the program left may hold its pipes for ever: so long they are read behind its end. */
const drainMs = 500

const textOf = async (stream: ReadableStream<Uint8Array>, until: Promise<unknown>) => {
  const reader = stream.getReader()
  const parts: Array<Uint8Array> = []
  const read = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      parts.push(value)
    }
  }
  await Promise.race([read(), until])
  void reader.cancel().catch(() => undefined)
  return Buffer.concat(parts).toString("utf8")
}

/** Runs it to its end. Never throws. */
export const runProgram = async ({
  cmd,
  cwd,
  env,
  timeoutMs,
  stdin = ""
}: ProgramCall): Promise<ProgramEnd> => {
  try {
    const child = Bun.spawn({
      cmd: [...cmd],
      cwd,
      env,
      stdio: [new TextEncoder().encode(stdin), "pipe", "pipe"],
      detached: true
    })
    const ended = child.exited.then(() => Bun.sleep(drainMs))
    const timer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), timeoutMs)
    const [stdout, stderr] = await Promise.all([
      textOf(child.stdout, ended),
      textOf(child.stderr, ended)
    ])
    await child.exited
    clearTimeout(timer)
    signalGroup(child.pid, "SIGKILL")
    return { exitCode: child.exitCode, stdout, stderr }
  } catch (thrown) {
    return { exitCode: null, stdout: "", stderr: errorMessage(thrown) }
  }
}
