/**
 * The lock that allows one engine per home: `flock` on `engine.lock`. The kernel releases it when
 * the engine dies.
 */
import { messageOf } from "@backbeat/contract/Envelope"
import { callOf, flagOf, sentence } from "@backbeat/contract/Text"
import { type Problem, problem } from "@backbeat/contract/Problem"
import { chmodSync, closeSync, constants, fstatSync, mkdirSync, openSync } from "node:fs"
import { join } from "node:path"
import { openRegular } from "../home/regularFile.ts"
import { judgeFolder, type Judging } from "../configuration/judgeFolder.ts"
import { tryLock } from "../system/libc.ts"
import { errorCode, errorMessage } from "../process/thrown.ts"
import { ownFile } from "./OwnFile.ts"

/**
 * An acquired lock. It is valid only while `engine.lock` is still the locked file: if the home is
 * removed, the next engine creates and locks another file.
 */
export interface LockHandle {
  readonly isOwned: () => boolean
  /** Whether the home is still the folder in which the lock was acquired. */
  readonly isSameHome: () => boolean
  /** Calls back once when the lock file is removed or replaced. */
  readonly onLost: (lost: () => void) => void
  /** Releases the lock, so that another engine can start. */
  readonly release: () => void
}

/** The name of the file that is locked. */
export const lockName = "engine.lock"

/** The home cannot be used; `problem` says why and what to do. */
export class HomeUnusable extends Error {
  override readonly name = "HomeUnusable"
  readonly problem: Problem
  constructor(trouble: Problem) {
    super(messageOf(trouble))
    this.problem = trouble
  }
}

/**
 * Creates the home if it is missing, and makes it private. Throws HomeUnusable for a folder that is
 * not a home, which it does not change.
 */
const prepareHome = async (root: string, judging: Judging): Promise<void> => {
  const verdict = await judgeFolder(root, judging)
  if (verdict.kind === "refused") throw new HomeUnusable(verdict.problem)
  if (verdict.kind === "absent") {
    // Another engine has created it meanwhile.
    if (mkdirSync(root, { recursive: true, mode: 0o700 }) === undefined)
      return prepareHome(root, judging)
    // Without the setgid bit that it may inherit from the parent folder.
    chmodSync(root, 0o700)
  } else if (verdict.isOpen) {
    // The socket in it is as private as the folder.
    chmodSync(root, 0o700)
  }
}

/**
 * Locks an existing home; null if another engine holds the lock. Throws errors of the file system.
 */
const tryAcquire = (root: string): LockHandle | null => {
  const fds: Array<number> = []
  const own = (path: string, fd: number) => {
    fds.push(fd)
    return { fd, ...ownFile(path, fstatSync(fd, { bigint: true }).ino) }
  }
  const release = () => {
    for (const fd of fds.splice(0)) closeSync(fd)
  }
  try {
    const path = join(root, lockName)
    const lock = own(
      path,
      openRegular(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT)
    )
    const home = own(root, openSync(root, "r"))
    if (tryLock(lock.fd))
      return { isOwned: lock.isThere, isSameHome: home.isThere, onLost: lock.onLost, release }
  } catch (thrown) {
    release()
    throw thrown
  }
  release()
  return null
}

/** How many times the home may be removed while it is being locked. */
const maxTries = 10

const toHomeUnusable = (root: string, thrown: unknown): HomeUnusable => {
  if (thrown instanceof HomeUnusable) return thrown
  const [why, hint] =
    errorCode(thrown) === "EROFS"
      ? [
          "it is on a read-only file system (EROFS), and no engine can start there",
          sentence`Make the file system writable. To read the home, copy it to a writable one, and name the copy with ${flagOf("home")}. ${callOf("doctor")} works without an engine.`
        ]
      : [
          errorMessage(thrown),
          sentence`Check its permissions and the disk, or use another with ${flagOf("home")} or BACKBEAT_HOME.`
        ]
  return new HomeUnusable(
    problem("EngineUnreachable", `the home ${root} cannot be used: ${why}`, hint, { home: root })
  )
}

/**
 * Creates the home if necessary and locks it. Tries again if the lock file is removed meanwhile.
 * Returns null if another engine holds the lock. Throws HomeUnusable.
 */
export const acquireHomeLock = async (
  root: string,
  judging: Judging
): Promise<LockHandle | null> => {
  for (let tries = 1; ; tries++) {
    try {
      await prepareHome(root, judging)
      const handle = tryAcquire(root)
      if (handle === null || handle.isOwned()) return handle
      handle.release()
    } catch (thrown) {
      if (errorCode(thrown) !== "ENOENT" || tries === maxTries) throw toHomeUnusable(root, thrown)
    }
  }
}
