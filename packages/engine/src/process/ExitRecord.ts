/**
 * What the shim leaves of an attempt's end, as the last line of its record. Shims of earlier versions wrote it into a file of its own, `exit`.
 */
import { constants as system } from "node:os"
import {
  type AttemptRecord,
  earlierPaths,
  noteOf,
  parseShimClaim,
  readAttemptFile,
  readAttemptRecord
} from "./AttemptRecord.ts"

/** How a command ended: by itself, or by a signal such as "SIGKILL". */
export type CommandEnd =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signalled"; readonly signal: string }

/** A command's end with its instant and the CPU time of its waited-for processes; null when the shell did not tell it. */
export type ExitRecord = {
  readonly end: CommandEnd
  readonly endedAt: number
  readonly cpuMs: number | null
}

const signalNames = new Map<number, string>()
for (const [name, number] of Object.entries(system.signals)) {
  if (!signalNames.has(number)) signalNames.set(number, name)
}

const signalName = (number: number): string => signalNames.get(number) ?? `SIG${number}`

/** What `times` prints, a line of it. Some shells write the decimal point of the task's locale. */
const timesLine = /^(\d+)m(\d+)[.,](\d+)s (\d+)m(\d+)[.,](\d+)s$/u

/** The CPU time of the command in ms: the last that `times` printed, of which the second line is that of the shell's children. Null when it printed nothing. */
export const parseCpuMs = (note: string): number | null => {
  const printed = note.split("\n").flatMap((line) => {
    const found = timesLine.exec(line)
    return found === null ? [] : [found.slice(1)]
  })
  const last = printed.length < 2 ? undefined : printed.at(-1)
  if (last === undefined) return null
  const secondsAt = (at: number): number =>
    Number(last[at]) * 60 + Number(`${last[at + 1]}.${last[at + 2]}`)
  return Math.round((secondsAt(0) + secondsAt(3)) * 1000)
}

const statusOf = (kind: "exited" | "signalled", status: number): CommandEnd =>
  kind === "exited" ? { kind, code: status } : { kind, signal: signalName(status - 128) }

/** How the command ended, by the text of an `exit` file; null as long as its line is not complete. */
export const parseCommandEnd = (text: string): CommandEnd | null => {
  const [, kind, status] = /^end 1 (exited|signalled) (\d+)\n *\n?$/u.exec(text) ?? []
  if (kind !== "exited" && kind !== "signalled") return null
  return statusOf(kind, Number(status))
}

/** What a shell prints of its own accord: nothing but the times, and that the command was not executed. */
const isMessage = (line: string): boolean =>
  line !== "" && line !== unspawned && !timesLine.test(line)

/** The line by which the shim says that its shell could not execute the command. */
export const unspawned = "unspawned"

/**
 * How the command ended, by what stands behind the shim's claim; null as long as the last line is not there. A shell says that a command died
 * by a signal, but for SIGINT and SIGPIPE: 130 is a death by SIGINT when the shim was interrupted too.
 */
export const parseRecordedEnd = (rest: string): CommandEnd | null => {
  const found = /(?:^|\n)end 2 (\d+)( interrupted)?\n$/u.exec(rest)
  if (found === null) return null
  const status = Number(found[1])
  const isTold = rest.slice(0, found.index).split("\n").some(isMessage)
  const isSignal = status > 128 && (isTold || (status === 130 && found[2] !== undefined))
  return statusOf(isSignal ? "signalled" : "exited", status)
}

const readEarlier = (dir: string): ExitRecord | null => {
  const exit = readAttemptFile(earlierPaths(dir).exit)
  const end = exit.kind === "written" ? parseCommandEnd(exit.text) : null
  if (end === null || exit.kind !== "written") return null
  return { end, endedAt: exit.writtenAt, cpuMs: parseCpuMs(noteOf(dir, { kind: "missing" })) }
}

/** The end in an attempt's record; null as long as there is none that can be read. Throws only when the system is short of descriptors or memory. */
export const endIn = (dir: string, record: AttemptRecord): ExitRecord | null => {
  const claim = parseShimClaim(record)
  if (claim === null || record.kind !== "written") return readEarlier(dir)
  const end = parseRecordedEnd(claim.rest)
  return end === null ? null : { end, endedAt: record.writtenAt, cpuMs: parseCpuMs(claim.rest) }
}

/** Reads how an attempt ended; null as long as nobody can tell. Throws only when the system is short of descriptors or memory. */
export const readExitRecord = (dir: string): ExitRecord | null => endIn(dir, readAttemptRecord(dir))
