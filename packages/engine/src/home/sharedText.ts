/**
 * Stores texts that many tasks share, such as environments, once: each task has a link to one file,
 * named by the hash of its text. The file system counts the links, so the count is right whenever
 * an engine is killed.
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

/** The names of these files; other files in the folder are not touched. */
const isSharedName = (name: string): boolean => /^[0-9a-f]{64}\.json$/u.test(name)

/** A text and the state of its file when it was read: another program may write to it. */
interface Verified {
  readonly text: string
  readonly path: string
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
}

/** The last text: tasks started one after the other share it. */
const last = ofProcess((): { verified: Verified | null } => ({ verified: null }))

const verify = (path: string, text: string): void => {
  const { ino, size, mtimeMs } = statSync(path)
  last().verified = { path, text, ino, size, mtimeMs }
}

/** Whether the file of a text contains that text. A power failure may have emptied it. */
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

/** Links `path` to the file of the text; false if it does not exist or cannot have more links. */
const link = (shared: string, path: string): boolean => {
  try {
    linkSync(shared, path)
    return true
  } catch (refusal) {
    // Never overwritten: other tasks may use it.
    if (errorCode(refusal) !== "EEXIST") return false
    rmSync(path, { force: true })
    return link(shared, path)
  }
}

/**
 * Writes a text to a file with mode 0600 that shares its inode with all equal texts. Throws errors
 * of the file system.
 */
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
    // Without hard links, each task has its own file.
  }
}

/** Removes texts that no task uses, and returns the freed bytes. */
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
