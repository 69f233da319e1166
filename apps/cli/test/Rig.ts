/** A scratch home with the compiled binary: runs calls as a user would, and cleans up by pid. */
import * as Schema from "effect/Schema"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { signalProcess } from "@backbeat/engine/process/posix"
import { binary } from "./binary.ts"
import { callHere } from "./callHere.ts"
import { inlineFlags, withFull } from "./wholeTasks.ts"

const Document = Schema.Record(Schema.String, Schema.Unknown)
const decodeDocument = Schema.decodeUnknownSync(Schema.fromJsonString(Document))

/** What a call came to. `document` is the JSON of stdout, or of stderr when stdout is empty. */
export interface Called {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  readonly document: Readonly<Record<string, unknown>>
}

const Refused = Schema.Struct({
  ok: Schema.Literal(false),
  command: Schema.String,
  error: Schema.Struct({
    type: Schema.String,
    message: Schema.String,
    try: Schema.optionalKey(
      Schema.Struct({
        operation: Schema.String,
        payload: Schema.Unknown,
        flags: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
      })
    ),
    details: Schema.StructWithRest(
      Schema.Struct({ hint: Schema.NonEmptyString, retryable: Schema.Boolean }),
      [Schema.Record(Schema.String, Schema.Unknown)]
    )
  })
})
const decodeRefused = Schema.decodeUnknownSync(Schema.fromJsonString(Refused), {
  onExcessProperty: "error"
})

/** What a refused call is told. */
export type Refusal = (typeof Refused.Type)["error"] & { readonly command: string }

/** How a call is made, beside its arguments. */
export interface Calling {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly stdin?: string | Blob
}

const bare = (): Record<string, string> => {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !name.startsWith("BACKBEAT_")) env[name] = value
  }
  return env
}

/** A home of its own for one test. */
export class Rig {
  readonly scratch: string
  readonly home: string

  constructor(home?: string) {
    this.scratch = mkdtempSync(join(tmpdir(), "backbeat-"))
    this.home = home ?? join(this.scratch, "home")
  }

  /** Makes a call by the binary's own client in this process, and gives the document; nothing where no engine runs and the call starts none. */
  async callHere(
    operation: string,
    payload: unknown,
    flags: Readonly<Record<string, unknown>> = {}
  ): Promise<Readonly<Record<string, unknown>> | null> {
    const { home, scratch } = this
    const here = { home, scratch, environment: () => this.environment() }
    return callHere(here, operation, payload, flags)
  }

  environment(more: Calling["env"] = {}): Record<string, string> {
    const env: Record<string, string> = { ...bare(), BACKBEAT_HOME: this.home }
    for (const [name, value] of Object.entries(more)) {
      if (value === undefined) delete env[name]
      else env[name] = value
    }
    return env
  }

  /** Starts a call and leaves it running. */
  spawn(args: ReadonlyArray<string>, { cwd = this.scratch, env, stdin }: Calling = {}) {
    return Bun.spawn([binary, ...args], {
      cwd,
      env: this.environment(env),
      stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
      stdout: "pipe",
      stderr: "pipe"
    })
  }

  /** Makes a call and waits for its end. */
  async call(args: ReadonlyArray<string>, calling: Calling = {}): Promise<Called> {
    const child = this.spawn(args, calling)
    const [stdout, stderr, exitCode] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited
    ])
    const text = stdout.trim() === "" ? stderr : stdout
    let document: Readonly<Record<string, unknown>> = {}
    try {
      document = decodeDocument(text)
    } catch {
      // Frames and tables are no document; the test reads them as text.
    }
    return { exitCode, stdout, stderr, document }
  }

  /** Makes a call that must be refused: exit code 1, nothing on stdout, one line on stderr with hint and retryable. */
  async refusal(args: ReadonlyArray<string>, calling: Calling = {}): Promise<Refusal> {
    const { exitCode, stdout, stderr } = await this.call(args, calling)
    if (exitCode !== 1 || stdout !== "")
      throw new Error(`not a refusal: exit code ${exitCode}, ${stdout.slice(0, 2000)}${stderr}`)
    const { command, error } = decodeRefused(stderr)
    return { command, ...error }
  }

  /** Calls an operation with a payload and gives its data, with every field of a task unless the payload says `full` itself. Throws when it was refused. */
  async data(
    operation: string,
    payload: unknown = {},
    flags: ReadonlyArray<string> = []
  ): Promise<Readonly<Record<string, unknown>>> {
    const called = await this.call([
      ...operation.split(" "),
      JSON.stringify(withFull(operation, payload)),
      ...flags,
      ...inlineFlags(operation, flags)
    ])
    if (called.document["ok"] !== true)
      throw new Error(`${operation} was refused: ${called.stderr || called.stdout}`)
    return Schema.decodeUnknownSync(Document)(called.document["data"])
  }

  /** The task of an answer of `start`, `status`, `wait`, `stop` or `restart`. */
  async task(
    operation: string,
    payload: unknown,
    flags: ReadonlyArray<string> = []
  ): Promise<Readonly<Record<string, unknown>>> {
    return Schema.decodeUnknownSync(Document)((await this.data(operation, payload, flags))["task"])
  }

  /** The engine's pid, or null. Starts none. */
  async enginePid(): Promise<number | null> {
    const { pid } = await this.data("engine status")
    return typeof pid === "number" ? pid : null
  }

  /** The engine's pid. A call starts the engine when there is none, so that nobody signals pid 0, which is the test's own group. */
  async engine(): Promise<number> {
    await this.data("list", { limit: 1 })
    const pid = await this.enginePid()
    if (pid === null) throw new Error("the engine ended at once")
    return pid
  }

  /** Ends the engine as a newer one does, in order; ends when it is gone. */
  async endEngine(): Promise<void> {
    const pid = await this.engine()
    signalProcess(pid, "SIGTERM")
    while (isAlive(pid)) await Bun.sleep(1)
  }

  /** Kills the engine as nothing else can; ends when it is gone. */
  async killEngine(): Promise<void> {
    const pid = await this.enginePid()
    if (pid !== null) await killAndAwait(pid)
  }

  /** Ends everything that was started in this home and removes the scratch folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      const { tasks } = await this.data("list", {
        status: ["blocked", "running", "stopping", "queued", "retrying"],
        limit: 500
      })
      const ids = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ id: Schema.String })))(
        tasks
      )
      if (ids.length > 0)
        await this.call(["stop", JSON.stringify(ids.map(({ id }) => ({ id, force: true })))])
      await this.call(["engine", "stop"])
    } catch {
      // The home is one that cannot be used: nothing runs in it but what is killed below.
    }
    for (const pid of markedProcesses(this.home)) {
      signalProcess(pid, "SIGKILL")
    }
    rmSync(this.scratch, { recursive: true, force: true })
  }
}

/** Whether a process is there and no zombie. One whose threads are still ending holds its locks, sockets and files. */
export const isAlive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return fields[0] !== "Z" || Number(fields[17]) > 1
  } catch {
    return false
  }
}

/** SIGKILLs a process and ends when the kernel has let go of it: of the locks, sockets and files it held. */
export const killAndAwait = async (pid: number): Promise<void> => {
  signalProcess(pid, "SIGKILL")
  while (isAlive(pid)) await Bun.sleep(1)
}

/** The processes that carry the mark of a home in their environment. */
export const markedProcesses = (home: string): ReadonlyArray<number> => {
  if (!existsSync("/proc")) return []
  const mark = `BACKBEAT_HOME=${home}\0`
  return readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, "latin1").includes(mark)
      } catch {
        return false
      }
    })
    .map(Number)
    .filter(isAlive)
}
