/** A live process for people: its pid and the beginning of its command line. */
import { isShim } from "./isShim.ts"
import { hasProc, readProcFile } from "./ProcessTable.ts"
import { shimName } from "./shimCall.ts"

const commandMaxCharacters = 40

/** The path of a task's script would fill the line. */
const scriptOfTask = /^\S+ \S*\/tasks\/([^/\s]+)\/(\d+)\/script(?= |$)/u

const argumentsOf = (pid: number): string =>
  readProcFile(`/proc/${pid}/cmdline`)?.toString("utf8").replaceAll("\0", " ") ?? ""

/** Whether a process shows its arguments: one that was killed and is not gone yet shows none, nor does a thread of the kernel. */
export const showsArguments = (pid: number): boolean => argumentsOf(pid).trim() !== ""

const commandOf = (pid: number): string => {
  if (!hasProc) return ""
  // Its arguments are a program.
  if (isShim(pid)) return shimName
  const args = argumentsOf(pid)
  const name =
    /\((.*)\)/su.exec(readProcFile(`/proc/${pid}/stat`)?.toString("utf8") ?? "")?.[1] ?? ""
  return (args.trim() === "" ? name : args)
    .replaceAll(/[\p{C}\s]+/gu, " ")
    .replace(scriptOfTask, "script of $1/$2")
    .trim()
}

/** `<pid> <command, 40 characters>`. */
export const describeProcess = (pid: number): string =>
  `${pid} ${commandOf(pid).slice(0, commandMaxCharacters)}`.trim()
