/** At most one engine per home: whoever holds the lock of `engine.lock`. The kernel lets go of it when the holder dies. */
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from "node:fs"
import { join } from "node:path"
import { tryLock } from "../process/posix.ts"
import { errorMessage } from "../thrown.ts"

/** The lock of a home; closing it lets another engine in. */
export interface Election {
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

/** Makes the home if need be and takes its lock; null when another engine has it. Throws HomeUnusable. */
export const elect = (root: string): Election | null => {
  try {
    prepare(root)
    const fd = openSync(join(root, "engine.lock"), "a", 0o600)
    if (tryLock(fd)) return { resign: () => closeSync(fd) }
    closeSync(fd)
    return null
  } catch (thrown) {
    if (thrown instanceof HomeUnusable) throw thrown
    throw new HomeUnusable(
      `the home ${root} cannot be used: ${errorMessage(thrown)}`,
      "Check its permissions and the disk, or use another with --home or BACKBEAT_HOME."
    )
  }
}
