/** What an engine says of its beginning and its end: to the caller that started it, and to those that wait beside it. */
import { messageOf } from "@backbeat/contract/Envelope"
import type { Problem } from "@backbeat/contract/Problem"
import { noticeName } from "@backbeat/contract/protocol"
import { closeSync, constants, openSync, renameSync, statSync, writeSync } from "node:fs"
import { join } from "node:path"
import { isatty } from "node:tty"
import { openRegular, writeRegular } from "../home/regularFile.ts"
import { duplicateOnto } from "../system/libc.ts"

/** How an engine began, or that it has let go of the home. */
export type Notice =
  | { readonly state: "ready"; readonly pid: number; readonly version: string }
  | { readonly state: "elsewhere" }
  | { readonly state: "failed"; readonly problem: Problem }
  | { readonly state: "ended"; readonly pid: number }

const logMaxBytes = 1_000_000

/** The caller at the other end takes the message as a string, and writes the hint itself. */
const sent = (notice: Notice): object =>
  notice.state === "failed"
    ? { ...notice, problem: { ...notice.problem, message: messageOf(notice.problem) } }
    : notice

/** Tells the caller at the other end of stdout. It may be gone. */
export const reportStartup = (notice: Notice): void => {
  try {
    writeSync(1, `${JSON.stringify(sent(notice))}\n`)
  } catch {
    // Nobody listens any more: the engine is as good without.
  }
}

/** Leaves a notice in the home, which wakes those that watch it. */
export const writeNotice = (root: string, notice: Notice): void => {
  const path = join(root, noticeName)
  try {
    writeRegular(`${path}.draft`, `${JSON.stringify(notice)}\n`)
    renameSync(`${path}.draft`, path)
  } catch {
    // A full or read-only disk is told of by the answer itself.
  }
}

/** Whether the engine runs in the foreground, its log on a terminal. Who starts one behind a call gives it none. */
export const onTerminal = (): boolean => isatty(2)

/** Where the engine writes what it does, below the home. */
export const logName = "engine.log"

/** Opens the log, which is set aside when it has grown over a megabyte. Throws what the file system throws, and for anything but a regular file. */
const openLog = (path: string): number => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isFile() === true && found.size > logMaxBytes) renameSync(path, `${path}.1`)
  return openRegular(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT)
}

/** Points stderr, or stdout, to `engine.log`. Without a log the engine still works, and `doctor` says that there is none. */
export const logTo = (root: string, target: 1 | 2): void => {
  let fd: number
  try {
    fd = openLog(join(root, logName))
  } catch {
    // The starter waits at the other end of stdout for as long as that is open.
    fd = openSync("/dev/null", "w")
  }
  duplicateOnto(fd, target)
  closeSync(fd)
}
