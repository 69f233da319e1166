/** A scratch folder with a database, which tests use and damage. */
import type { Stores } from "@backbeat/store/Stores"
import { wholeStore, type WholeStore } from "../wholeStore.ts"
import { Database } from "bun:sqlite"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { StoreError } from "@backbeat/store/StoreError"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"

type Store = WholeStore

export class ScratchDatabase {
  readonly folder = mkdtempSync(join(tmpdir(), "sqlite-store-"))
  readonly path = join(this.folder, "backbeat.db")

  /** Opens the store, runs the body, and closes the store. */
  use<A, E>(
    body: (store: Store) => Effect.Effect<A, E>,
    layer: Layer.Layer<Stores, StoreError> = layerSqlite({ path: this.path })
  ): Promise<A> {
    return Effect.runPromise(Effect.provide(Effect.flatMap(wholeStore, body), layer))
  }

  /** Opens the store and returns its error. */
  openingError(path: string = this.path): Promise<StoreError> {
    return Effect.runPromise(
      Effect.flip(
        Effect.provide(
          Effect.flatMap(wholeStore, (store) => store.lastSequence),
          layerSqlite({ path })
        )
      )
    )
  }

  /** Runs statements on the file, as another program would. */
  alter(...statements: ReadonlyArray<string>): void {
    const db = new Database(this.path)
    for (const statement of statements) db.run(statement)
    db.close()
  }

  /** All files of the database with their bytes, without the shared memory of readers. */
  files(): Record<string, string> {
    const names = readdirSync(this.folder).filter((name) => !name.endsWith("-shm"))
    return Object.fromEntries(
      names.map((name) => [name, readFileSync(join(this.folder, name), "base64")])
    )
  }

  /** Overwrites bytes of the file. */
  damage(from: number, bytes: Uint8Array): void {
    const content = readFileSync(this.path)
    content.set(bytes, from)
    writeFileSync(this.path, content)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
