/** At most one engine per home: whoever holds the lock of `engine.lock`. The kernel lets go of it when the holder dies. */
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
 * The lock of a home. Who removes a home removes the lock with it, and the next engine takes another one: so it counts only
 * while it is at its place.
 */
export interface LockHandle {
  readonly isHeld: () => boolean
  /** Whether the home is the one that the lock was taken in. */
  readonly isSameHome: () => boolean
  /** Calls back once when the lock is at its place no more. */
  readonly guard: (lost: () => void) => void
  /** Lets another engine in. */
  readonly release: () => void
}

/** The file whose lock makes a process the engine of the home. */
export const lockName = "engine.lock"

/** Why a home cannot be used, with what to do. */
export class HomeUnusable extends Error {
  override readonly name = "HomeUnusable"
  readonly problem: Problem
  constructor(trouble: Problem) {
    super(messageOf(trouble))
    this.problem = trouble
  }
}

/** Makes the home if it is missing, and private if it is not. Throws HomeUnusable for a folder that is no home, which stays as it is. */
const prepare = async (root: string, judging: Judging): Promise<void> => {
  const verdict = await judgeFolder(root, judging)
  if (verdict.kind === "refused") throw new HomeUnusable(verdict.problem)
  if (verdict.kind === "absent") {
    // Another engine has made it meanwhile.
    if (mkdirSync(root, { recursive: true, mode: 0o700 }) === undefined)
      return prepare(root, judging)
    // Without the setgid bit that the folder above may give to it.
    chmodSync(root, 0o700)
  } else if (verdict.isOpen) {
    // The socket in it is as private as the folder.
    chmodSync(root, 0o700)
  }
}

/** The lock of a home that is there; null when another engine has it. Throws what the file system throws. */
const take = (root: string): LockHandle | null => {
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
      return { isHeld: lock.isThere, isSameHome: home.isThere, guard: lock.guard, release }
  } catch (thrown) {
    release()
    throw thrown
  }
  release()
  return null
}

/** So often a home may be removed while its lock is taken. */
const triesAtMost = 10

const unusable = (root: string, thrown: unknown): HomeUnusable => {
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

/** Makes the home if it is missing and takes its lock, again if that was removed meanwhile; null when another engine has it. Throws HomeUnusable. */
export const acquireHomeLock = async (
  root: string,
  judging: Judging
): Promise<LockHandle | null> => {
  for (let tries = 1; ; tries++) {
    try {
      await prepare(root, judging)
      const election = take(root)
      if (election === null || election.isHeld()) return election
      election.release()
    } catch (thrown) {
      if (errorCode(thrown) !== "ENOENT" || tries === triesAtMost) throw unusable(root, thrown)
    }
  }
}
