/** Calls an agent CLI in a process group of its own, so that a signal reaches also what its launcher started. */
import { signalGroup } from "@backbeat/engine/process/posix"

/** How a call ended. */
export type Outcome =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "signalled"; readonly signal: string }

/** What a call came to. */
export interface AgentEnd {
  readonly stdout: string
  readonly stderr: string
  readonly outcome: Outcome
}

/** What a call needs beside its arguments. */
export interface AgentCalling {
  readonly argv: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdin: string
}

const outcomeOf = (exitCode: number, signal: string | number | null): Outcome =>
  signal === null ? { kind: "exited", exitCode } : { kind: "signalled", signal: String(signal) }

/** Starts a call. `signal` goes to the whole group; when the call has ended, nothing of its group is left. */
export const callAgent = ({ argv, env, cwd, stdin }: AgentCalling) => {
  const child = Bun.spawn([...argv], {
    cwd,
    env: { ...env },
    stdin: new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
    detached: true
  })
  const signal = (name: NodeJS.Signals): void => {
    signalGroup(child.pid, name)
  }
  const end = async (): Promise<AgentEnd> => {
    const texts = Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text()
    ])
    const exitCode = await child.exited
    signal("SIGKILL")
    const [stdout, stderr] = await texts
    return { stdout, stderr, outcome: outcomeOf(exitCode, child.signalCode) }
  }
  return { pid: child.pid, signal, ended: end() }
}
