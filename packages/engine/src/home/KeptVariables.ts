/** The environment of an aggregate that starts tasks by itself, kept as long as it is stored: as that of a task, in 0600 files and nowhere else. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { mkdirSync, rmSync, writeFileSync } from "../system/files.ts"
import { join } from "node:path"
import { environmentsDir } from "./Home.ts"
import { readRegular } from "./regularFile.ts"
import { removeUnshared, writeShared } from "./sharedText.ts"
import type { Variables } from "./TaskEnvironment.ts"

/** Whose they are. */
interface Keeper {
  readonly kind: string
  readonly id: string
}

/** The caller's environment, and the variables that the payload gives to parts of the work, by the path of each part. */
export interface KeptVariables {
  readonly environment: Variables
  readonly given: Readonly<Record<string, Variables>>
}

const Text = Schema.Record(Schema.String, Schema.String)
const decodeEnvironment = Schema.decodeUnknownOption(Schema.fromJsonString(Text))
const decodeGiven = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Record(Schema.String, Text))
)

/** The folder of an aggregate: what it has beside its tasks. */
export const keeperDir = (root: string, { kind, id }: Keeper): string => join(root, `${kind}s`, id)

const environmentOf = (root: string, keeper: Keeper): string =>
  join(keeperDir(root, keeper), "environment.json")
const givenOf = (root: string, keeper: Keeper): string =>
  join(keeperDir(root, keeper), "variables.json")

/** Keeps them. Throws what the file system throws. */
export const saveVariables = (
  root: string,
  keeper: Keeper,
  { environment, given }: KeptVariables
): void => {
  mkdirSync(keeperDir(root, keeper), { recursive: true, mode: 0o700 })
  writeShared(environmentsDir(root), environmentOf(root, keeper), JSON.stringify(environment))
  if (Object.keys(given).length > 0)
    writeFileSync(givenOf(root, keeper), JSON.stringify(given), { mode: 0o600 })
}

const read = <A>(path: string, decode: (text: string) => Option.Option<A>): A | null => {
  try {
    return Option.getOrNull(decode(readRegular(path)))
  } catch {
    return null
  }
}

/** The kept ones; null when they are missing or damaged. */
export const readVariables = (root: string, keeper: Keeper): KeptVariables | null => {
  const environment = read(environmentOf(root, keeper), decodeEnvironment)
  return environment === null
    ? null
    : { environment, given: read(givenOf(root, keeper), decodeGiven) ?? {} }
}

/** Forgets them, and removes the folder with all that is in it. */
export const removeKeeper = (root: string, keeper: Keeper): void => {
  rmSync(keeperDir(root, keeper), { recursive: true, force: true })
  removeUnshared(environmentsDir(root))
}
