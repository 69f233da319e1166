/**
 * A home whose engine has a wall clock of its own, set by libfaketime. Calls and tasks keep the real
 * one. Instants lie in the future: the kernel's file times are not faked.
 */
import * as Schema from "effect/Schema"
import { existsSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { binary } from "../binary.ts"
import { killAndAwait } from "../processes.ts"

const Tick = Schema.Struct({
  scheduledFor: Schema.String,
  result: Schema.String,
  latenessMs: Schema.optionalKey(Schema.Finite),
  count: Schema.optionalKey(Schema.Finite),
  until: Schema.optionalKey(Schema.String),
  cause: Schema.optionalKey(Schema.Struct({ type: Schema.String })),
  run: Schema.optionalKey(Schema.Struct({ id: Schema.String, status: Schema.String }))
})
export type Tick = typeof Tick.Type

const History = Schema.Struct({ history: Schema.Array(Tick) })
const Announced = Schema.fromJsonString(Schema.Struct({ state: Schema.String }))

/** The library; null where it is not installed. Debian and Ubuntu: package `faketime`. */
export const libfaketime: string | null =
  ["", "x86_64-linux-gnu", "aarch64-linux-gnu"]
    .map((folder) => join("/usr/lib", folder, "faketime/libfaketime.so.1"))
    .find((path) => existsSync(path)) ?? null

/** A home with an engine that the test starts itself. */
export class ClockRig extends Rig {
  readonly #clock = join(this.scratch, "clock")
  #engine: number | null = null

  /** Sets the clock of the engine; it goes on from there. */
  set(instant: string): void {
    const offset = (Temporal.Instant.from(instant).epochMilliseconds - Date.now()) / 1000
    writeFileSync(`${this.#clock}.new`, `${offset < 0 ? "" : "+"}${offset.toFixed(3)}s\n`)
    renameSync(`${this.#clock}.new`, this.#clock)
  }

  /** Sets the clock under a living engine, which a call makes look. */
  async jump(instant: string): Promise<void> {
    this.set(instant)
    await this.callHere("engine status", {})
  }

  /** Starts an engine at an instant; ends when it serves. */
  async start(instant: string): Promise<void> {
    if (libfaketime === null)
      throw new Error("libfaketime is missing: install the package faketime")
    this.set(instant)
    const child = Bun.spawn([binary, "engine-role", this.home, join(this.home, "config.json")], {
      env: this.environment({
        LD_PRELOAD: libfaketime,
        FAKETIME_TIMESTAMP_FILE: this.#clock,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
        BACKBEAT_IDLE_EXIT_MS: "1000000000000"
      }),
      stdio: ["ignore", "pipe", "inherit"]
    })
    this.#engine = child.pid
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      const { state } = Schema.decodeUnknownSync(Announced)(part.trim())
      if (state !== "ready") throw new Error(`the engine is ${state}`)
      return
    }
    throw new Error("the engine ended at once")
  }

  /** Kills the engine; ends when it is gone. */
  async kill(): Promise<void> {
    if (this.#engine !== null) await killAndAwait(this.#engine)
    this.#engine = null
  }

  /** Waits until so many events of a type have come. */
  async come(type: string, count: number): Promise<void> {
    const child = this.spawn([
      "events",
      JSON.stringify({ types: [type], follow: true }),
      "--stream"
    ])
    let seen = 0
    let rest = ""
    try {
      for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
        const lines = `${rest}${part}`.split("\n")
        rest = lines.pop() ?? ""
        seen += lines.filter((line) => line.includes(`"type":"${type}"`)).length
        if (seen >= count) return
      }
    } finally {
      child.kill()
    }
    throw new Error(`the stream of events ended after ${seen} ${type}`)
  }

  /** What became of the ticks of a schedule, the oldest first. */
  async history(id: string): Promise<ReadonlyArray<Tick>> {
    const data = await this.data("schedule get", { id, history: true, limit: 500 })
    return Schema.decodeUnknownSync(History)(data).history.toReversed()
  }

  /** The same in short: the result, hour and minute, and the cause or count. */
  async rows(id: string): Promise<ReadonlyArray<string>> {
    return (await this.history(id)).map(({ result, scheduledFor, count, cause }) =>
      [result, scheduledFor.slice(11, 16), count, cause?.type].filter(Boolean).join(" ")
    )
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await super[Symbol.asyncDispose]()
  }
}
