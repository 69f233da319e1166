/** Text that arrives in pieces and is given away in lines. */

/** How long an unfinished line may grow, in characters, before it is given away as it is. */
const longestLine = 65_536

/** The end of a text whose line is not complete yet. */
export class PendingText {
  #text = ""

  /** With what another one has kept, unless it is new. */
  constructor(kept = "") {
    this.#text = kept
  }

  /** The unfinished line so far. */
  get kept(): string {
    return this.#text
  }

  /** Takes a piece, and answers with the lines that it completes: the same however the text was cut into pieces. */
  add(piece: string): ReadonlyArray<string> {
    const lines = (this.#text + piece).split("\n").map(cutLong)
    const unfinished = lines.pop() ?? []
    this.#text = unfinished.at(-1) ?? ""
    return [...lines.flat(), ...unfinished.slice(0, -1)]
  }

  /** The unfinished line, if there is one; afterwards there is none. */
  flush(): ReadonlyArray<string> {
    const text = this.#text
    this.#text = ""
    return text === "" ? [] : [text]
  }
}

const cutLong = (line: string): ReadonlyArray<string> => {
  if (line.length <= longestLine) return [line]
  const cuts: Array<string> = []
  for (let start = 0; start < line.length; start += longestLine)
    cuts.push(line.slice(start, start + longestLine))
  return cuts
}
