/** Writes answers: plain whatever FORCE_COLOR says, and whole, also through slow and non-blocking pipes. */

/** The answer cannot be written, on a full disk for example. */
export class OutputUnwritable extends Error {
  override readonly name = "OutputUnwritable"
}

const isReaderGone = (thrown: unknown): boolean =>
  typeof thrown === "object" && thrown !== null && "code" in thrown && thrown.code === "EPIPE"

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

/** True when the text has left, false when nobody reads it: of a stderr that fails nobody could be told. Throws OutputUnwritable. */
export const print = async (to: "stdout" | "stderr", text: string): Promise<boolean> => {
  try {
    await Bun.write(to === "stdout" ? Bun.stdout : Bun.stderr, text)
    return true
  } catch (thrown) {
    if (to === "stderr" || isReaderGone(thrown)) return false
    throw new OutputUnwritable(`${to} cannot be written: ${messageOf(thrown)}`)
  }
}
