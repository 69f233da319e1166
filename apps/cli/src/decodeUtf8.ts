/** Text from bytes that somebody else wrote. What is no UTF-8 would be read as U+FFFD, and the caller would never know. */
import { readFileSync } from "node:fs"

const replacement = Buffer.from("\uFFFD")

/** Where the first bytes that are no UTF-8 begin, which a lenient reading replaced. */
const firstFlaw = (bytes: Uint8Array): number => {
  const again = Buffer.from(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes))
  const differs = bytes.findIndex((byte, at) => byte !== again[at])
  const at = differs < 0 ? bytes.length : differs
  // What was cut off may begin as its replacement does.
  const starts = [at - 2, at - 1, at].find(
    (start) => start >= 0 && again.subarray(start, start + replacement.length).equals(replacement)
  )
  return starts ?? at
}

/** The text of the bytes. Throws an error that says at which byte they are no UTF-8; `name` is what they are to the caller. */
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

/** The bytes of the last arguments of this process, as many as `count`; null where the system does not tell. */
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
 * Checks arguments that came with U+FFFD, which the runtime has put there or the caller has written. Throws an error that says
 * which one is no UTF-8, and at which byte.
 */
export const checkArguments = (args: ReadonlyArray<string>): void => {
  for (const [index, bytes] of (rawArguments(args.length) ?? []).entries()) {
    decodeUtf8(bytes, `argument ${index + 1}`)
  }
}
