/** Writes answers: plain whatever FORCE_COLOR says, and whole, also through slow and non-blocking pipes. */

/** The answer cannot be written, on a full disk for example. */
export class OutputUnwritable extends Error {
  override readonly name = "OutputUnwritable"
}

const isReaderGone = (thrown: unknown): boolean =>
  typeof thrown === "object" && thrown !== null && "code" in thrown && thrown.code === "EPIPE"

const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown)

/**
 * Bun.write gives a file the room for what it writes before it writes: one that is open for appending then has as many NULs before
 * the text. What is no file has no size, and is written without the module that costs as much as a tenth of a call.
 */
const write = async (to: "stdout" | "stderr", text: string): Promise<void> => {
  const file = to === "stdout" ? Bun.stdout : Bun.stderr
  if (!Number.isFinite(file.size)) return void (await Bun.write(file, text))
  const { writeSync } = await import("node:fs")
  for (let rest = Buffer.from(text); rest.length > 0;)
    rest = rest.subarray(writeSync(to === "stdout" ? 1 : 2, rest))
}

/** True when the text has left, false when nobody reads it: of a stderr that fails nobody could be told. Throws OutputUnwritable. */
export const print = async (to: "stdout" | "stderr", text: string): Promise<boolean> => {
  try {
    await write(to, text)
    return true
  } catch (thrown) {
    if (to === "stderr" || isReaderGone(thrown)) return false
    throw new OutputUnwritable(`${to} cannot be written: ${messageOf(thrown)}`)
  }
}
