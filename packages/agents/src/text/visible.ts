/** Text as a reader sees it, without terminal control sequences. */

// Source: ECMA-48. Control sequences, control strings (cut off where the line ends), other sequences, what is left of C1.
const sequences =
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|(?:\u001B[\]PX^_]|[\u0090\u0098\u009D-\u009F])[^\n\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C)?|\u001B[ -/]*[0-~]?|[\u0080-\u009F]/gu
const byteOrderMark = /^\uFEFF/u

/** A text without escape sequences. */
export const withoutEscapes = (text: string): string => text.replace(sequences, "")

const lastState = (line: string): string => {
  const ended = line.replace(/\r+$/u, "")
  return ended.slice(ended.lastIndexOf("\r") + 1)
}

/**
 * A text without escape sequences and without the parts that a carriage return overwrote; NUL
 * becomes U+FFFD.
 */
export const visible = (text: string): string =>
  withoutEscapes(text).replaceAll("\0", "\uFFFD").split("\n").map(lastState).join("\n")

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const terminalCodes = /^\uFEFF|[\u001B\u0080-\u009F]|\r(?=.)/u

/** Whether a line contains terminal control sequences. */
export const hasTerminalCodes = (line: string): boolean => terminalCodes.test(line)

/** One line as `visible` returns it, and without a byte order mark. */
export const visibleLine = (line: string): string => visible(line).replace(byteOrderMark, "")
