// Frees the beginning of a file while other processes have it open. No offset in it changes.
// Source: Linux fallocate(2), FALLOC_FL_PUNCH_HOLE.
import { dlopen } from "bun:ffi"

const keepSize = 0x01
const punch = 0x02
// glibc, then musl under the names that distributions use.
const libraries = ["libc.so.6", "libc.so", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"]
const tries = 5

type Fallocate = (fd: number, mode: number, offset: number, length: number) => number

let loaded: { readonly fallocate: Fallocate | undefined } | undefined

/**
 * Frees the first `bytes` of an open file, which then read as zeros. A partly freed block keeps its
 * space. Returns false if the system or file system does not support it.
 */
export function punchHole(fd: number, bytes: number): boolean {
  loaded ??= { fallocate: load() }
  const { fallocate } = loaded
  if (fallocate === undefined) return false
  // A signal may interrupt the call. A permanent error fails again.
  for (let attempt = 0; attempt < tries; attempt++)
    if (fallocate(fd, punch | keepSize, 0, bytes) === 0) return true
  return false
}

function load(): Fallocate | undefined {
  if (process.platform !== "linux") return undefined
  for (const library of libraries) {
    try {
      return dlopen(library, { fallocate: { args: ["i32", "i32", "i64", "i64"], returns: "i32" } })
        .symbols.fallocate
    } catch {
      continue
    }
  }
  return undefined
}
