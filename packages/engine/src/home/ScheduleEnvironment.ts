/**
 * The environment that the runs of a schedule get: that of its maker, and the variables that the payload gives. Kept in a 0600 file, shared by
 * all schedules that have the same, and nowhere else.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { join } from "node:path"
import { mkdirSync, rmSync } from "../system/files.ts"
import { environmentsDir } from "./Home.ts"
import { namesIn } from "./namesIn.ts"
import { readRegular } from "./regularFile.ts"
import { removeUnshared, writeShared } from "./sharedText.ts"
import type { Variables } from "./TaskEnvironment.ts"

const Kept = Schema.Struct({
  /** The environment of the maker. */
  inherited: Schema.Record(Schema.String, Schema.String),
  /** The variables given in the payload, by the path of their object there: the payload itself has an empty one. */
  given: Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.String))
})

/** What is kept for a schedule. */
export interface ScheduleEnvironment {
  readonly inherited: Variables
  readonly given: Readonly<Record<string, Variables>>
}

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Kept))

const folderOf = (root: string): string => join(root, "schedules")

const nameOf = (id: string, key: string): string => `${id}@${key}.json`

/** Keeps an environment under the id of a schedule and a key. Throws what the file system throws. */
export const saveScheduleEnvironment = (
  root: string,
  { id, key }: { readonly id: string; readonly key: string },
  environment: ScheduleEnvironment
): void => {
  mkdirSync(folderOf(root), { recursive: true, mode: 0o700 })
  const { inherited, given } = environment
  writeShared(
    environmentsDir(root),
    join(folderOf(root), nameOf(id, key)),
    JSON.stringify({ inherited, given })
  )
}

/** What is kept, or null when it is gone. */
export const readScheduleEnvironment = (
  root: string,
  id: string,
  key: string
): ScheduleEnvironment | null => {
  try {
    return Option.getOrNull(decode(readRegular(join(folderOf(root), nameOf(id, key)))))
  } catch {
    return null
  }
}

/** Removes what is kept for a schedule, but what it has under `current`. Never throws. */
export const clearScheduleEnvironments = (
  root: string,
  id: string,
  current: string | null
): void => {
  try {
    const names = (namesIn(folderOf(root)) ?? []).filter(
      (name) => name.startsWith(`${id}@`) && name !== nameOf(id, current ?? "")
    )
    for (const name of names) rmSync(join(folderOf(root), name), { force: true })
    if (names.length > 0) removeUnshared(environmentsDir(root))
  } catch {
    // What stays belongs to nobody: nobody reads it.
  }
}
