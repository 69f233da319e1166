/** Reads the user's home directory from the user database of the system. */
import type * as Ffi from "bun:ffi"

declare global {
  namespace NodeJS {
    interface Process {
      getBuiltinModule(name: "bun:ffi"): typeof Ffi
    }
  }
}

/**
 * The offset of `pw_dir` in a `struct passwd`: after two pointers, two ids, and fields of the
 * system. Source: pwd.h
 */
const folderOffset = process.platform === "darwin" ? 48 : 32
const entryBytes = 128
/** More than an entry needs. */
const textBytes = 65_536

const libraries =
  process.platform === "darwin"
    ? ["libSystem.dylib"]
    : ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`]

const open = ({ dlopen, FFIType: { i32, pointer, u32, u64 } }: typeof Ffi) => {
  for (const library of libraries) {
    try {
      return dlopen(library, {
        getpwuid_r: { args: [u32, pointer, pointer, u64, pointer], returns: i32 }
      })
    } catch {
      // The next library may exist.
    }
  }
  return null
}

/**
 * The home directory of the user who runs this program; null if the database has none. Source:
 * POSIX getpwuid_r(3).
 */
export const homeFromUserDatabase = (): string | null => {
  // Loaded here, because few calls need it and it costs some milliseconds.
  const ffi = process.getBuiltinModule("bun:ffi")
  const libc = open(ffi)
  if (libc === null) return null
  const [entry, text, found] = [Buffer.alloc(entryBytes), Buffer.alloc(textBytes), Buffer.alloc(8)]
  libc.symbols.getpwuid_r(process.getuid?.() ?? 0, entry, text, textBytes, found)
  libc.close()
  if (found.readBigUInt64LE() === 0n) return null
  // The strings of the entry are in `text`.
  const start = Number(entry.readBigUInt64LE(folderOffset) - BigInt(ffi.ptr(text)))
  return text.toString("utf8", start, text.indexOf(0, start))
}
