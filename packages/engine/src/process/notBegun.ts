/** Why the command of an attempt never began, in the words of the shell around it. */
import { existsSync, readFileSync } from "../system/files.ts"
import { join } from "node:path"
import { type AttemptRecord, noteOf } from "./AttemptRecord.ts"
import { unspawned } from "./ExitRecord.ts"
import { isFull } from "./shortage.ts"

/** A reason; `transient` when it passes, and another attempt may start. */
export interface NotBegun {
  readonly message: string
  readonly transient: boolean
}

/** What is told of an attempt whose command never began. */
export const killedBefore = "The shim was killed before it started the command."

const textOf = (dir: string, name: string): string => {
  try {
    return readFileSync(join(dir, name), "latin1")
  } catch {
    return ""
  }
}

/** Without the program and the line that a shell puts before what it says. */
const plain = (line: string): string => line.replace(/^[^:]*: (?:line )?\d+: /u, "")

/** The refusal of a process, which a shell tells by the word `fork`; null when it told of none. It ends there, before the command. */
export const forkRefused = (dir: string, record: AttemptRecord): NotBegun | null => {
  const line = noteOf(dir, record)
    .split("\n")
    .find((each) => /fork/iu.test(each))
  return line === undefined
    ? null
    : { message: `the system could not create a process: ${plain(line)}`, transient: true }
}

/** Why a shim ended without a claim that names it. */
export const unclaimed = (dir: string): NotBegun => {
  const isShort =
    existsSync(join(dir, "unclaimed")) ||
    textOf(dir, "exit").startsWith("end 1 unclaimed") ||
    isFull(dir)
  return isShort
    ? { message: "ENOSPC: no space left on device for the claim of the attempt", transient: true }
    : { message: killedBefore, transient: false }
}

/** What an exit code of 126 or 127 means when it is the shell's, and not the command's; null when it is the command's. */
export const execFailed = (dir: string, record: AttemptRecord, code: number): NotBegun | null => {
  const isSaid = () => noteOf(dir, record).split("\n").includes(unspawned)
  if ((code !== 126 && code !== 127) || !isSaid()) return null
  const last = textOf(dir, "stderr.log").trimEnd().split("\n").at(-1) ?? ""
  return {
    message: plain(last).replace(/^exec: /u, "") || "the system could not execute it",
    transient: false
  }
}
