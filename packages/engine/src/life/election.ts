/** At most one engine per home: whoever holds the lock of `engine.lock`. The kernel lets go of it when the holder dies. */
import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, statSync } from "node:fs"
import { join } from "node:path"
import { tryLock } from "../process/posix.ts"
import { errorCode, errorMessage } from "../thrown.ts"
import { ownFile } from "./OwnFile.ts"

/**
 * The lock of a home. Who removes a home removes the lock with it, and the next engine takes another one: so it counts only
 * while it is at its place.
 */
export interface Election {
  readonly isHeld: () => boolean
  /** Whether the home is the one that the lock was taken in. */
  readonly hasHome: () => boolean
  /** Calls back once when the lock is at its place no more. */
  readonly guard: (lost: () => void) => void
  /** Lets another engine in. */
  readonly resign: () => void
}

/** Why a home cannot be used, with what to do. */
export class HomeUnusable extends Error {
  override readonly name = "HomeUnusable"
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

const prepare = (root: string): void => {
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const { uid, mode } = statSync(root)
  if (uid !== process.getuid?.()) {
    throw new HomeUnusable(`the home ${root} belongs to user ${uid}`, "Use a home of your own with --home or BACKBEAT_HOME.")
  }
  // The socket in it is as private as the folder.
  if ((mode & 0o077) !== 0) chmodSync(root, 0o700)
}

/** The lock of a home that is there; null when another engine has it. Throws what the file system throws. */
const take = (root: string): Election | null => {
  const fds: Array<number> = []
  const open = (path: string, flags: string) => {
    const fd = openSync(path, flags, 0o600)
    fds.push(fd)
    return { fd, ...ownFile(path, fstatSync(fd, { bigint: true }).ino) }
  }
  const resign = () => {
    for (const fd of fds.splice(0)) closeSync(fd)
  }
  try {
    const lock = open(join(root, "engine.lock"), "a")
    const home = open(root, "r")
    if (tryLock(lock.fd)) return { isHeld: lock.isThere, hasHome: home.isThere, guard: lock.guard, resign }
  } catch (thrown) {
    resign()
    throw thrown
  }
  resign()
  return null
}

/** So often a home may be removed while its lock is taken. */
const triesAtMost = 10

const unusable = (root: string, thrown: unknown): HomeUnusable =>
  thrown instanceof HomeUnusable
    ? thrown
    : new HomeUnusable(
        `the home ${root} cannot be used: ${errorMessage(thrown)}`,
        "Check its permissions and the disk, or use another with --home or BACKBEAT_HOME."
      )

/** Makes the home if need be and takes its lock, again if that was removed meanwhile; null when another engine has it. Throws HomeUnusable. */
export const elect = (root: string): Election | null => {
  for (let tries = 1; ; tries++) {
    try {
      prepare(root)
      const election = take(root)
      if (election === null || election.isHeld()) return election
      election.resign()
    } catch (thrown) {
      if (errorCode(thrown) !== "ENOENT" || tries === triesAtMost) throw unusable(root, thrown)
    }
  }
}
