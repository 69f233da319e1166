/**
 * Reports the startup and the end of an engine: to the caller that started it, and to other waiting
 * callers.
 */
import { messageOf } from "@backbeat/contract/Envelope"
import type { Problem } from "@backbeat/contract/Problem"
import { noticeName } from "@backbeat/contract/protocol"
import { closeSync, constants, openSync, renameSync, statSync, writeSync } from "node:fs"
import { join } from "node:path"
import { isatty } from "node:tty"
import { openRegular, writeRegular } from "../home/regularFile.ts"
import { duplicateOnto } from "../system/libc.ts"

/** The result of an engine's startup, or that it has released the home. */
export type EngineNotice =
  | { readonly state: "ready"; readonly pid: number; readonly version: string }
  | { readonly state: "elsewhere" }
  | { readonly state: "failed"; readonly problem: Problem }
  | { readonly state: "ended"; readonly pid: number }

const logMaxBytes = 1_000_000

/** The caller reads the message as a string, and writes the hint for its surface itself. */
const sent = (notice: EngineNotice): object =>
  notice.state === "failed"
    ? { ...notice, problem: { ...notice.problem, message: messageOf(notice.problem) } }
    : notice

/** Writes the notice to stdout for the caller that started the engine. It may be gone. */
export const reportStartup = (notice: EngineNotice): void => {
  try {
    writeSync(1, `${JSON.stringify(sent(notice))}\n`)
  } catch {
    // If nobody reads it, the engine continues.
  }
}

/** Writes a notice to the home, which wakes the callers that watch it. */
export const writeNotice = (root: string, notice: EngineNotice): void => {
  const path = join(root, noticeName)
  try {
    writeRegular(`${path}.draft`, `${JSON.stringify(notice)}\n`)
    renameSync(`${path}.draft`, path)
  } catch {
    // The answers report a full or read-only disk.
  }
}

/**
 * Whether the engine runs in the foreground with its log on a terminal. An engine started for a
 * call has no terminal.
 */
export const onTerminal = (): boolean => isatty(2)

/** The name of the log file in the home. */
export const logName = "engine.log"

/**
 * Opens the log. Rotates it above a megabyte. Throws errors of the file system, and for anything
 * but a regular file.
 */
const openLog = (path: string): number => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isFile() === true && found.size > logMaxBytes) renameSync(path, `${path}.1`)
  return openRegular(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT)
}

/**
 * Redirects stderr or stdout to `engine.log`. Without a log the engine still works, and `doctor`
 * reports it.
 */
export const logTo = (root: string, target: 1 | 2): void => {
  let fd: number
  try {
    fd = openLog(join(root, logName))
  } catch {
    // The starting caller reads stdout until it is closed.
    fd = openSync("/dev/null", "w")
  }
  duplicateOnto(fd, target)
  closeSync(fd)
}
