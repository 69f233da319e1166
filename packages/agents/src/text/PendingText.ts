/** Text that arrives in pieces and is passed on in lines. */

/** The longest unfinished line in characters. A longer one is passed on in parts. */
const maxLineLength = 65_536

/** The unfinished last line of a text. */
export class PendingText {
  #text = ""

  /** Continues with the unfinished line of another instance, if there is one. */
  constructor(unfinished = "") {
    this.#text = unfinished
  }

  /** The unfinished line so far. */
  get unfinished(): string {
    return this.#text
  }

  /**
   * Adds a piece, and returns the lines that it completes. The lines do not depend on how the text
   * was cut.
   */
  add(piece: string): ReadonlyArray<string> {
    const lines = (this.#text + piece).split("\n").map(splitLong)
    const unfinished = lines.pop() ?? []
    this.#text = unfinished.at(-1) ?? ""
    return [...lines.flat(), ...unfinished.slice(0, -1)]
  }

  /** Returns the unfinished line, if there is one, and forgets it. */
  flush(): ReadonlyArray<string> {
    const text = this.#text
    this.#text = ""
    return text === "" ? [] : [text]
  }
}

const splitLong = (line: string): ReadonlyArray<string> => {
  if (line.length <= maxLineLength) return [line]
  const parts: Array<string> = []
  for (let start = 0; start < line.length; start += maxLineLength)
    parts.push(line.slice(start, start + maxLineLength))
  return parts
}
