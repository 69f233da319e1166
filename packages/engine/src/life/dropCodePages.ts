/**
 * Drops the pages of the program's code from the memory of this process. They stay in the file and
 * in the machine's cache, and are loaded again when they run. They are the larger part of an idle
 * engine's memory.
 */
import { FFIType } from "bun:ffi"
import { readFileSync } from "node:fs"
import { openLibc } from "../system/libc.ts"

/**
 * Source: madvise(2). The pages of a private mapping are read from its file again, so only pages
 * that were never written may be dropped.
 */
const MADV_DONTNEED = 4

/** A mapping of code: readable, executable, not writable. Source: proc_pid_maps(5). */
const code = /^([0-9a-f]+)-([0-9a-f]+) r-xp [0-9a-f]+ \S+ [1-9]\d* /gmu

const open = () =>
  openLibc({ madvise: { args: [FFIType.u64, FFIType.u64, FFIType.i32], returns: FFIType.i32 } })

let libc: ReturnType<typeof open> | undefined

const addressOf = (hexadecimal: string): number => Number.parseInt(hexadecimal, 16)

/** Drops the pages on Linux. Does nothing elsewhere, or if the system call fails. */
export const dropCodePages = (): void => {
  if (process.platform !== "linux") return
  try {
    libc ??= open()
    for (const [, from = "", to = ""] of readFileSync("/proc/self/maps", "latin1").matchAll(code)) {
      libc.madvise(addressOf(from), addressOf(to) - addressOf(from), MADV_DONTNEED)
    }
  } catch {
    // Without it the engine only uses more memory.
  }
}
