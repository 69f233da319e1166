/**
 * Decodes UTF-8 strictly. A lenient decoder would replace invalid bytes with U+FFFD, and the caller
 * would not notice.
 */
import { readFileSync } from "node:fs"

const replacement = Buffer.from("\uFFFD")

/** The position of the first invalid bytes, which a lenient decoder replaced. */
const firstFlaw = (bytes: Uint8Array): number => {
  const again = Buffer.from(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes))
  const differs = bytes.findIndex((byte, at) => byte !== again[at])
  const at = differs < 0 ? bytes.length : differs
  // An incomplete character may start like its replacement.
  const starts = [at - 2, at - 1, at].find(
    (start) => start >= 0 && again.subarray(start, start + replacement.length).equals(replacement)
  )
  return starts ?? at
}

/**
 * Decodes the bytes. Throws an error with the position of the first invalid byte; `name` describes
 * them to the caller.
 */
export const decodeUtf8 = (bytes: Uint8Array, name: string): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    const at = firstFlaw(bytes)
    throw new Error(
      `${name} is not valid UTF-8: byte ${at + 1} of ${bytes.length} is 0x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}`
    )
  }
}

/**
 * The bytes of the last `count` arguments of this process; null if the system does not provide
 * them.
 */
const rawArguments = (count: number): ReadonlyArray<Uint8Array> | null => {
  try {
    const all = readFileSync("/proc/self/cmdline")
    const ends = [...all.keys()].filter((at) => all[at] === 0)
    return ends
      .map((end, nth) => all.subarray(nth === 0 ? 0 : (ends[nth - 1] ?? 0) + 1, end))
      .slice(-count)
  } catch {
    return null
  }
}

/**
 * Checks arguments that contain U+FFFD, from the runtime or from the caller. Throws an error that
 * names the argument and byte that is not UTF-8.
 */
export const checkArguments = (args: ReadonlyArray<string>): void => {
  for (const [index, bytes] of (rawArguments(args.length) ?? []).entries()) {
    decodeUtf8(bytes, `argument ${index + 1}`)
  }
}
