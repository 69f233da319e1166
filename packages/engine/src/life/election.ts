/** At most one engine per home: whoever holds the lock of `engine.lock`. The kernel lets go of it when the holder dies. */
import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, statSync } from "node:fs"
import { join } from "node:path"
import { tryLock } from "../process/posix.ts"
import { errorMessage } from "../thrown.ts"
import { ownFile } from "./OwnFile.ts"

/**
 * The lock of a home. Who removes a home removes the lock with it, and the next engine takes another one: so it counts only
 * while it is at its place.
 */
export interface Election {
  readonly isHeld: () => boolean
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

/** Makes the home if need be and takes its lock, again if that was removed meanwhile; null when another engine has it. Throws HomeUnusable. */
export const elect = (root: string): Election | null => {
  try {
    for (;;) {
      prepare(root)
      const path = join(root, "engine.lock")
      const fd = openSync(path, "a", 0o600)
      const { isThere, guard } = ownFile(path, fstatSync(fd, { bigint: true }).ino)
      const locked = tryLock(fd)
      if (locked && isThere()) return { isHeld: isThere, guard, resign: () => closeSync(fd) }
      closeSync(fd)
      if (!locked) return null
    }
  } catch (thrown) {
    if (thrown instanceof HomeUnusable) throw thrown
    throw new HomeUnusable(
      `the home ${root} cannot be used: ${errorMessage(thrown)}`,
      "Check its permissions and the disk, or use another with --home or BACKBEAT_HOME."
    )
  }
}
