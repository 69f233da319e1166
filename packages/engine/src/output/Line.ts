// One line of output as a reader sees it: text without line end, escape sequences and overwritten
// progress.
import type { ReadAhead } from "./OutputFile.ts"

/**
 * The position of a line: its text is `start` to `end`, the next line starts at `next`. `end`
 * equals `next` while the newline is missing.
 */
export interface LineSpan {
  readonly start: number
  readonly end: number
  readonly next: number
}

/**
 * The maximum text of a line in an answer, in bytes of the file. A longer line is cut with a mark.
 */
export const maxLineBytes = 65_536

/**
 * How many bytes from the beginning of a line a pattern is matched against; of a longer progress
 * bar its last state.
 */
export const maxMatchedBytes = 4_194_304

const newline = 10
const carriageReturn = /\r+$/
const nul = /\0/g
// The single-character controls of ISO 6429.
const controls = /[\u0080-\u009F]/g
const escape = 0x1b
const c1Lead = 0xc2

/**
 * Whether these bytes may contain an escape sequence. It starts with ESC, or with a C1 control,
 * which starts with 0xC2 in UTF-8.
 */
export function mayEscape(bytes: Uint8Array): boolean {
  return bytes.includes(escape) || bytes.includes(c1Lead)
}

/**
 * The text of a line. Bytes that are not UTF-8, and NUL, become U+FFFD. Only the text after a
 * carriage return remains. Escape sequences are removed unless `ansi`.
 */
export function visibleText(bytes: Uint8Array, ansi: boolean): string {
  const decoded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString("utf8")
    .replace(nul, "\uFFFD")
  const text = ansi || !mayEscape(bytes) ? decoded : Bun.stripANSI(decoded).replace(controls, "")
  return text.includes("\r") ? lastState(text) : text
}

/** Reads the text of a line from its file; undefined if rotation has dropped it. */
export function lineText(file: ReadAhead, span: LineSpan, ansi: boolean): string | undefined {
  const length = span.end - span.start
  return beginningOf(file, span, { ansi, maxBytes: maxLineBytes }, (text) =>
    cutLine(text, maxLineBytes, length)
  )
}

/** Reads the text to match a pattern against; undefined if rotation has dropped it. */
export function matchedText(file: ReadAhead, span: LineSpan): string | undefined {
  return beginningOf(file, span, { ansi: false, maxBytes: maxMatchedBytes }, (text) => text)
}

function beginningOf(
  file: ReadAhead,
  { end, start }: LineSpan,
  { ansi, maxBytes }: { readonly ansi: boolean; readonly maxBytes: number },
  cut: (text: string) => string
): string | undefined {
  const length = end - start
  if (length > maxLineBytes) {
    // A progress bar without newlines: its last state is at the end.
    const tail = file.part(end - maxLineBytes, maxLineBytes)
    const overwritten = tail === undefined ? 0 : overwrittenBytes(tail)
    if (tail !== undefined && overwritten > 0) return visibleText(tail.subarray(overwritten), ansi)
  }
  const head = file.part(start, Math.min(length, maxBytes))
  if (head === undefined) return undefined
  return length <= maxBytes
    ? visibleText(head, ansi)
    : cut(visibleText(head.subarray(0, wholeCharacters(head)), ansi))
}

/** The beginning of a line, with a mark that says how many bytes are shown. */
export function cutLine(text: string, shownBytes: number, length: number): string {
  return `${text}… [line cut: ${shownBytes} of ${length} bytes shown]`
}

/** The offset of the first byte at or after `from` that starts a character. */
export function characterStart(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && at - from < 3 && isContinuation(bytes[at])) at++
  return at
}

/** Whether the newline of the line is still missing. */
export function isPartial(span: LineSpan): boolean {
  return span.end === span.next
}

/**
 * Calls `visit` for each complete line in these bytes, which start at `offset` in the file. Returns
 * the number of bytes in complete lines, or fewer if `visit` returns false.
 */
export function splitLines(
  bytes: Buffer,
  offset: number,
  visit: (span: LineSpan, bytes: Buffer) => boolean
): { bytes: number; stopped: boolean } {
  let start = 0
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    const span = { start: offset + start, end: offset + end, next: offset + end + 1 }
    const line = bytes.subarray(start, end)
    start = end + 1
    if (!visit(span, line)) return { bytes: start, stopped: true }
  }
  return { bytes: start, stopped: false }
}

function lastState(text: string): string {
  const ended = text.replace(carriageReturn, "")
  return ended.slice(ended.lastIndexOf("\r") + 1)
}

function overwrittenBytes(tail: Uint8Array): number {
  let end = tail.length
  while (end > 0 && tail[end - 1] === 13) end--
  return end === 0 ? 0 : tail.lastIndexOf(13, end - 1) + 1
}

/** How many of these bytes are complete characters: the last character may be cut. */
export function wholeCharacters(bytes: Uint8Array): number {
  let at = bytes.length
  while (at > 0 && bytes.length - at < 3 && isContinuation(bytes[at - 1])) at--
  const lead = bytes[at - 1] ?? 0
  if (lead < 0xc0) return bytes.length
  const needed = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
  return bytes.length - at + 1 >= needed ? bytes.length : at - 1
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
