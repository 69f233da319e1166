/** A scratch home with the compiled binary: runs calls as a user would, and cleans up by pid. */
import * as Schema from "effect/Schema"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { signalProcess } from "@backbeat/engine/process/posix"
import { binary } from "./binary.ts"
import { callHere } from "./callHere.ts"
import { isAlive, killAllOf, killAndAwait } from "./processes.ts"
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

const decodePid = Schema.decodeUnknownSync(
  Schema.Struct({ data: Schema.Struct({ pid: Schema.optionalKey(Schema.NullOr(Schema.Finite)) }) })
)

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
    const answer = await this.callHere("engine status", {})
    const { pid } = decodePid(answer ?? { data: {} }).data
    return pid ?? null
  }

  /** The engine's pid. A call starts the engine when there is none, so that nobody signals pid 0, which is the test's own group. */
  async engine(): Promise<number> {
    await this.callHere("list", { limit: 1 })
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

  /** Kills everything that was started in this home and removes the scratch folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await killAllOf(this.home)
    rmSync(this.scratch, { recursive: true, force: true })
  }
}
