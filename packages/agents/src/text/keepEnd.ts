/** Cuts texts to a maximum of bytes or characters. */

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const leftOut = (count: number): string => `[${count} bytes before this are left out]\n`

/**
 * The end of a text, at most `maxBytes`, after a line that says how much is missing. The end is
 * kept, because agents report their result there. `cutBytes` were cut before the text already.
 */
export const keepEnd = (text: string, maxBytes: number, cutBytes = 0): string => {
  if (cutBytes === 0 && text.length * 3 <= maxBytes) return text
  const bytes = encoder.encode(text)
  if (cutBytes === 0 && bytes.length <= maxBytes) return text
  // Reserves space for the longest possible first line: its count has no more digits than the total
  // length.
  let start = Math.max(0, bytes.length - maxBytes + leftOut(cutBytes + bytes.length).length)
  while (start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1
  return leftOut(cutBytes + start) + decoder.decode(bytes.subarray(start))
}

/** The beginning of a text and an ellipsis, at most `maxBytes`. */
export const keepBeginning = (text: string, maxBytes: number): string => {
  if (text.length * 3 <= maxBytes) return text
  const bytes = encoder.encode(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes - 3
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return `${decoder.decode(bytes.subarray(0, end))}…`
}

/** A text as one line of at most `maxLength` characters. */
export const oneLine = (text: string, maxLength: number): string => {
  const line = text
    .slice(0, maxLength * 4)
    .replace(/\s+/gu, " ")
    .trim()
  return line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line
}
