/**
 * Texts that many tasks have, such as the environment of their caller, stored once: each task has a link to one file, named by the hash of its
 * text. How many links a file has, the file system counts: it says the truth at whatever instant an engine is killed.
 */
import {
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "../system/files.ts"
import { ofProcess } from "../system/ofProcess.ts"
import { dirname, join } from "node:path"
import { errorCode } from "../process/thrown.ts"
import { statIfThere } from "../process/statIfThere.ts"
import { namesIn } from "./namesIn.ts"

/** Source: FIPS 180-4. */
const hashOf = (text: string): string => new Bun.CryptoHasher("sha256").update(text).digest("hex")

/** The names of files here: whatever else is in the folder stays. */
const isSharedName = (name: string): boolean => /^[0-9a-f]{64}\.json$/u.test(name)

/** A text whose file was read, and what the file was then: somebody may write to it. */
interface Verified {
  readonly text: string
  readonly path: string
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
}

/** The last one: tasks that start one after the other have the same. */
const last = ofProcess((): { verified: Verified | null } => ({ verified: null }))

const verify = (path: string, text: string): void => {
  const { ino, size, mtimeMs } = statSync(path)
  last().verified = { path, text, ino, size, mtimeMs }
}

/** Whether the file of a text has that text. One that has not is of no use: a power failure may have emptied it. */
const isIntact = (path: string, text: string): boolean => {
  const stat = statIfThere(path)
  if (stat === undefined) return false
  const { verified } = last()
  const isKnown =
    verified?.path === path &&
    verified.ino === stat.ino &&
    verified.size === stat.size &&
    verified.mtimeMs === stat.mtimeMs
  if (isKnown) return true
  try {
    if (readFileSync(path, "utf8") !== text) return false
  } catch {
    return false
  }
  verify(path, text)
  return true
}

const pathOf = (folder: string, text: string): string => {
  const { verified } = last()
  return verified?.text === text && dirname(verified.path) === folder
    ? verified.path
    : join(folder, `${hashOf(text)}.json`)
}

/** Makes `path` another name of the file of the text; false where there is none yet, or it can have no more names. */
const link = (shared: string, path: string): boolean => {
  try {
    linkSync(shared, path)
    return true
  } catch (refusal) {
    // Never written over: it may be the file of others.
    if (errorCode(refusal) !== "EEXIST") return false
    rmSync(path, { force: true })
    return link(shared, path)
  }
}

/** Puts a text into a file with mode 0600, which shares its inode with all that have the same text. Throws what the file system throws. */
export const writeShared = (folder: string, path: string, text: string): void => {
  const shared = pathOf(folder, text)
  if (isIntact(shared, text) && link(shared, path)) return
  rmSync(path, { force: true })
  writeFileSync(path, text, { mode: 0o600 })
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    rmSync(shared, { force: true })
    linkSync(path, shared)
    verify(shared, text)
  } catch {
    // Where a file has one name only, each task has a file of its own.
  }
}

/** Removes the texts that no task has any more, and gives the bytes that became free. */
export const removeUnshared = (folder: string): number => {
  let bytes = 0
  for (const name of namesIn(folder) ?? []) {
    const path = join(folder, name)
    const stat = isSharedName(name) ? statIfThere(path) : undefined
    if (stat?.isFile() !== true || stat.nlink > 1) continue
    rmSync(path, { force: true })
    bytes += stat.blocks * 512
  }
  return bytes
}
