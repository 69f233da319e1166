/** A scratch home with fake agents, a folder to work in, and what tests ask of loops. */
import * as Schema from "effect/Schema"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { FakeAgents } from "../agent/FakeAgents.ts"
import { Rig } from "../Rig.ts"

const Record = Schema.Record(Schema.String, Schema.Unknown)
const Iteration = Schema.StructWithRest(
  Schema.Struct({
    number: Schema.Int,
    result: Schema.String,
    reason: Schema.optionalKey(Schema.String),
    score: Schema.optionalKey(Schema.Finite),
    changed: Schema.optionalKey(Schema.Boolean),
    commit: Schema.optionalKey(Schema.String),
    taskId: Schema.optionalKey(Schema.String),
    evaluation: Schema.optionalKey(
      Schema.StructWithRest(
        Schema.Struct({
          taskId: Schema.String,
          lastLines: Schema.optionalKey(Schema.Array(Schema.String))
        }),
        [Record]
      )
    )
  }),
  [Record]
)
const Loop = Schema.StructWithRest(
  Schema.Struct({
    id: Schema.String,
    status: Schema.String,
    iterations: Schema.Int,
    reason: Schema.optionalKey(Schema.String),
    bestScore: Schema.optionalKey(Schema.Finite),
    bestIteration: Schema.optionalKey(Schema.Int),
    unchangedInRow: Schema.optionalKey(Schema.Int),
    history: Schema.optionalKey(Schema.Array(Iteration)),
    git: Schema.optionalKey(
      Schema.Struct({
        branch: Schema.String,
        commit: Schema.String,
        base: Schema.String,
        path: Schema.optionalKey(Schema.String)
      })
    )
  }),
  [Record]
)
export type Loop = typeof Loop.Type

const decode = Schema.decodeUnknownSync(Schema.Struct({ loop: Loop }))

/** A home for tests of loops. */
export class LoopRig extends Rig {
  readonly agents: FakeAgents
  readonly work: string

  constructor() {
    super()
    this.agents = new FakeAgents(this.scratch)
    this.work = join(this.scratch, "work")
    mkdirSync(this.work)
  }

  /** Calls an operation that answers with a loop; only the fake agents are found. */
  async loop(
    operation: string,
    payload: object,
    flags: ReadonlyArray<string> = [],
    env: Readonly<Record<string, string>> = this.agents.env
  ): Promise<Loop> {
    const called = await this.call([...operation.split(" "), JSON.stringify(payload), ...flags], {
      cwd: this.work,
      env
    })
    if (called.document["ok"] !== true)
      throw new Error(`${operation} was refused: ${called.stderr || called.stdout}`)
    return decode(called.document["data"]).loop
  }

  /** Creates a loop and waits for its end. */
  async ended(payload: object): Promise<Loop> {
    return this.loop("loop create", payload, ["--wait", "--timeout", "60"])
  }

  /** The iterations of a loop, oldest first. */
  async iterations(id: string): Promise<NonNullable<Loop["history"]>> {
    const { history = [] } = await this.loop("loop get", { id, history: true, limit: 500 })
    return history.toReversed()
  }

  /** What each iteration of a loop came to. */
  async results(id: string): Promise<ReadonlyArray<string>> {
    return (await this.iterations(id)).map(({ result }) => result)
  }

  /** Runs git in a folder, by default the one to work in. */
  git(args: ReadonlyArray<string>, cwd = this.work): string {
    const run = Bun.spawnSync(["git", ...args], {
      cwd,
      env: {
        ...this.agents.env,
        HOME: this.scratch,
        GIT_AUTHOR_NAME: "a",
        GIT_AUTHOR_EMAIL: "a@b",
        GIT_COMMITTER_NAME: "a",
        GIT_COMMITTER_EMAIL: "a@b"
      }
    })
    if (run.exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${run.stderr.toString()}`)
    return run.stdout.toString().trimEnd()
  }

  /** Makes the folder a repository with these files in its first commit. */
  repository(files: Readonly<Record<string, string>>): void {
    this.git(["init", "-q", "-b", "main"])
    for (const [path, text] of Object.entries(files)) this.write(path, text)
    this.git(["add", "-A"])
    this.git(["commit", "-q", "-m", "first"])
  }

  write(path: string, text: string): void {
    const file = join(this.work, path)
    mkdirSync(join(file, ".."), { recursive: true })
    writeFileSync(file, text)
  }

  read(path: string): string {
    return readFileSync(join(this.work, path), "utf8")
  }
}
