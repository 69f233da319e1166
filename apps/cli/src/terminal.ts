/** Whether a person reads the output. */

const characterDevice = 0o020000
const kindMask = 0o170000
/** The device number of /dev/null on Linux. */
const nullDevice = 0x103

/**
 * Whether stdout is a terminal. Only a character device can be one, so only then node:tty is
 * loaded, which costs more than the rest of a call.
 */
export const onTerminal = async (): Promise<boolean> => {
  try {
    const { mode, rdev } = await Bun.stdout.stat()
    if ((mode & kindMask) !== characterDevice || rdev === nullDevice) return false
    const { isatty } = await import("node:tty")
    return isatty(1)
  } catch {
    // A closed stdout is not a terminal.
    return false
  }
}

/** A person cancelled a question with Ctrl+C or Ctrl+D. */
export class NotAnswered extends Error {
  override readonly name = "NotAnswered"
}
