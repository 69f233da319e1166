/**
 * Writes answers: without colors despite FORCE_COLOR, and completely, even to slow and non-blocking
 * pipes.
 */

/** The answer cannot be written, for example on a full disk. */
export class OutputUnwritable extends Error {
  override readonly name = "OutputUnwritable"
}

const isReaderGone = (thrown: unknown): boolean =>
  typeof thrown === "object" && thrown !== null && "code" in thrown && thrown.code === "EPIPE"

const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown)

/**
 * Bun.write allocates space in a file before it writes. A file opened for appending would get as
 * many NULs before the text. A pipe has no size, and is written without the module that costs a
 * tenth of a call.
 */
const write = async (to: "stdout" | "stderr", text: string): Promise<void> => {
  const file = to === "stdout" ? Bun.stdout : Bun.stderr
  if (!Number.isFinite(file.size)) return void (await Bun.write(file, text))
  const { writeSync } = await import("node:fs")
  for (let rest = Buffer.from(text); rest.length > 0;)
    rest = rest.subarray(writeSync(to === "stdout" ? 1 : 2, rest))
}

/**
 * Returns true if the text was written, false if nobody reads it. An error on stderr is ignored,
 * because it cannot be reported. Throws OutputUnwritable.
 */
export const print = async (to: "stdout" | "stderr", text: string): Promise<boolean> => {
  try {
    await write(to, text)
    return true
  } catch (thrown) {
    if (to === "stderr" || isReaderGone(thrown)) return false
    throw new OutputUnwritable(`${to} cannot be written: ${messageOf(thrown)}`)
  }
}
