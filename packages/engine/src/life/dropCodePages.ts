/**
 * Takes the code of the program out of this process's memory: it stays in the file, and in the machine's cache of it, and each page
 * comes back when it is run again. It is the larger part of what an engine at rest would hold.
 */
import { FFIType } from "bun:ffi"
import { readFileSync } from "node:fs"
import { openLibc } from "../system/libc.ts"

/** Source: madvise(2); the pages of a private mapping are read from its file again. Only what was never written may be dropped so. */
const MADV_DONTNEED = 4

/** A mapped file's code: readable, executable, never writable. Source: proc_pid_maps(5). */
const code = /^([0-9a-f]+)-([0-9a-f]+) r-xp [0-9a-f]+ \S+ [1-9]\d* /gmu

const open = () =>
  openLibc({ madvise: { args: [FFIType.u64, FFIType.u64, FFIType.i32], returns: FFIType.i32 } })

let libc: ReturnType<typeof open> | undefined

const addressOf = (hexadecimal: string): number => Number.parseInt(hexadecimal, 16)

/** Does it, on Linux; nothing elsewhere, and nothing where the system refuses. */
export const dropCodePages = (): void => {
  if (process.platform !== "linux") return
  try {
    libc ??= open()
    for (const [, from = "", to = ""] of readFileSync("/proc/self/maps", "latin1").matchAll(code)) {
      libc.madvise(addressOf(from), addressOf(to) - addressOf(from), MADV_DONTNEED)
    }
  } catch {
    // Without it the engine only looks larger.
  }
}
