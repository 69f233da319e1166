/**
 * Identifies the home by an id in its store, created once, and distinguishes it from a copy by its
 * location.
 */
import { type HomeRecord, HomeStore } from "@backbeat/store/HomeStore"
import * as Effect from "effect/Effect"
import { randomBytes } from "node:crypto"
import { realpathSync } from "../system/files.ts"
import { folderAt, isSameFolder } from "../process/folderAt.ts"
import { databasePath, Home } from "./Home.ts"

/**
 * The record of a home for its store. `copyOf` is the folder of which it is a copy: then it has a
 * new id, which is not stored yet.
 */
export interface Identity {
  readonly record: HomeRecord
  readonly copyOf: string | null
}

const idBytes = 16

const makeId = (): string => randomBytes(idBytes).toString("hex")

/** Whether the folder of the known home still exists and is not this one. */
const isCopy = Effect.fnUntraced(function* (known: HomeRecord, here: HomeRecord) {
  const there = folderAt(known.path)
  if (there === null || isSameFolder(there, here)) return false
  const homes = yield* HomeStore
  const id = yield* homes.idAt(databasePath(known.path))
  return id === known.id || (id === null && isSameFolder(there, known))
})

/**
 * Identifies the home at `root`, and stores changes. Fails with StoreError; throws errors of the
 * file system.
 */
export const identifyHome = Effect.gen(function* () {
  const { root } = yield* Home
  const homes = yield* HomeStore
  const folder = folderAt(root)
  if (folder === null) return yield* Effect.die(new Error(`the folder of the home ${root} is gone`))
  const known = yield* homes.find
  const here: HomeRecord = { id: known?.id ?? makeId(), ...folder, path: realpathSync(root) }
  if (known !== null && (yield* isCopy(known, here)))
    return { record: { ...here, id: makeId() }, copyOf: known.path } satisfies Identity
  const isNew = known === null || known.path !== here.path || !isSameFolder(known, here)
  if (isNew) yield* homes.write(here)
  return { record: here, copyOf: null } satisfies Identity
})
