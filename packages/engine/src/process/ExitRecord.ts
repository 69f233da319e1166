/**
 * The record that the shim leaves of an attempt's end, in the attempt's `exit` file.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "../system/files.ts"
import { constants as system } from "node:os"
import { join } from "node:path"
import { isShortage } from "./thrown.ts"

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

/** The CPU time of the command in ms, by the text of a `note` file, which ends with what `times` printed; null when it does not. */
export const parseCpuMs = (text: string): number | null => {
  // The shell itself comes first, then its children. Some shells write the decimal point of the task's locale.
  const parts = [...(text.split("\n").at(-2) ?? "").matchAll(/(\d+)m(\d+)[.,](\d+)s/g)]
  if (parts.length !== 2) return null
  const seconds = parts.map(
    ([, minutes, whole, fraction]) => Number(minutes) * 60 + Number(`${whole}.${fraction}`)
  )
  return Math.round(seconds.reduce((sum, each) => sum + each, 0) * 1000)
}

/** How the command ended, by the text of an `exit` file; null as long as its line is not complete. */
export const parseCommandEnd = (text: string): CommandEnd | null => {
  const found = /^end 1 (exited|signalled) (\d+)\n *\n?$/.exec(text)
  if (found === null) return null
  const status = Number(found[2])
  return found[1] === "exited"
    ? { kind: "exited", code: status }
    : { kind: "signalled", signal: signalName(status - 128) }
}

const readNote = (dir: string): string => {
  try {
    return readFileSync(join(dir, "note"), "latin1")
  } catch {
    return ""
  }
}

/** The record of an attempt folder; null as long as there is none that can be read. Throws only when the system is short of descriptors or memory. */
export const readExitRecord = (dir: string): ExitRecord | null => {
  let fd: number
  try {
    // A FIFO in its place must not block.
    fd = openSync(join(dir, "exit"), constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (refusal) {
    if (isShortage(refusal)) throw refusal
    return null
  }
  try {
    const stat = fstatSync(fd)
    const end = stat.isFile() ? parseCommandEnd(readFileSync(fd, "latin1")) : null
    if (end === null) return null
    return { end, endedAt: Math.round(stat.mtimeMs), cpuMs: parseCpuMs(readNote(dir)) }
  } finally {
    closeSync(fd)
  }
}
