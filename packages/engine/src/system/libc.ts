/**
 * The system calls that Bun has no function for, through bun:ffi. None of them is variadic, because those do not
 * work through bun:ffi on arm64.
 */
import { dlopen, type FFIFunction, FFIType, type Library } from "bun:ffi"

const libraries =
  process.platform === "darwin"
    ? ["libSystem.dylib"]
    : ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`]

/** Functions of the C library of this system, by name. Throws if there is none. */
export const openLibc = <Functions extends Record<string, FFIFunction>>(
  functions: Functions
): Library<Functions>["symbols"] => {
  const refusals: Array<unknown> = []
  for (const library of libraries) {
    try {
      return dlopen(library, functions).symbols
    } catch (refusal) {
      refusals.push(refusal)
    }
  }
  throw new AggregateError(refusals, `no C library among ${libraries.join(", ")}`)
}

const libc = openLibc({
  flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  dup2: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  mkfifo: { args: [FFIType.cstring, FFIType.u32], returns: FFIType.i32 }
})
const LOCK_EX_NB = 2 | 4

/**
 * Tries to lock an open file exclusively without waiting; false if another holder has it. Source:
 * flock(2).
 */
export const tryLock = (fd: number): boolean => libc.flock(fd, LOCK_EX_NB) === 0

/** Makes the descriptor `target` a duplicate of `fd`. Source: POSIX dup2(3). */
export const duplicateOnto = (fd: number, target: number): boolean =>
  libc.dup2(fd, target) === target

/**
 * Creates a FIFO with mode 0600; false on failure, usually because the path exists. Source: POSIX
 * mkfifo(3).
 */
export const nativeFifo = (path: string): boolean =>
  libc.mkfifo(Buffer.from(`${path}\0`), 0o600) === 0
