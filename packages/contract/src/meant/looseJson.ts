/**
 * Parses text that is nearly JSON: reports where it is invalid and what is expected, and its value
 * if that is clear.
 */

/** The first error of a text: the characters before it, and what is wrong. */
export interface JsonFlaw {
  readonly at: number
  readonly what: string
}

/** The result. `value` is undefined if the text cannot be understood. */
export interface LooseJson {
  readonly value: unknown
  readonly flaw: JsonFlaw | null
}

class Unreadable extends Error {}

const names: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null]
])
const foreign: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["True", true],
  ["False", false],
  ["None", null],
  ["undefined", null]
])
const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  "/": "/",
  "\\": "\\",
  '"': '"',
  "'": "'"
}

const numberShape = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/u
const maxDepth = 100

/** One pass over a text. */
class Reader {
  readonly #text: string
  #at = 0
  #depth = 0
  #flaw: JsonFlaw | null = null

  constructor(text: string) {
    this.#text = text
  }

  read(): LooseJson {
    try {
      const value = this.#value()
      this.#skip()
      if (this.#at < this.#text.length) this.#stop("the payload ends here, but more text follows")
      return { value, flaw: this.#flaw }
    } catch (thrown) {
      if (!(thrown instanceof Unreadable)) throw thrown
      return { value: undefined, flaw: this.#flaw }
    }
  }

  #note(what: string, at = this.#at): void {
    this.#flaw ??= { at, what }
  }

  #stop(what: string): never {
    this.#note(what)
    throw new Unreadable()
  }

  #peek(): string {
    return this.#text[this.#at] ?? ""
  }

  #shown(): string {
    return this.#at >= this.#text.length ? "the end" : JSON.stringify(this.#peek())
  }

  #skip(): void {
    for (;;) {
      this.#take(/\s+/uy)
      if (!this.#text.startsWith("//", this.#at)) return
      this.#note("JSON does not allow comments")
      this.#take(/[^\n]*/uy)
    }
  }

  /** The match of a pattern at this position. */
  #take(sticky: RegExp): string {
    sticky.lastIndex = this.#at
    const [found = ""] = sticky.exec(this.#text) ?? []
    this.#at += found.length
    return found
  }

  #value(): unknown {
    this.#skip()
    const next = this.#peek()
    if (next === "{" || next === "[") return this.#nested(next)
    if (next === '"' || next === "'") return this.#string(next)
    if (next === "") return this.#stop("a value is missing at the end")
    return this.#bare()
  }

  #nested(open: "{" | "["): unknown {
    if (++this.#depth > maxDepth) this.#stop("the payload is nested too deeply")
    this.#at++
    const items =
      open === "{"
        ? Object.fromEntries(this.#items("}", () => this.#entry()))
        : this.#items("]", () => this.#value())
    this.#depth--
    return items
  }

  #items<A>(close: string, one: () => A): Array<A> {
    const items: Array<A> = []
    for (;;) {
      this.#skip()
      if (this.#peek() === close) break
      if (this.#peek() === "") this.#stop(`${close} is missing at the end`)
      items.push(one())
      this.#skip()
      if (!this.#comma(close)) break
    }
    this.#at++
    return items
  }

  /** Whether another item follows. */
  #comma(close: string): boolean {
    const at = this.#at
    if (this.#peek() === close) return false
    if (this.#peek() === "") return this.#stop(`${close} is missing at the end`)
    if (this.#peek() !== ",") {
      this.#note("a comma is missing")
      return true
    }
    this.#at++
    this.#skip()
    if (this.#peek() === close) this.#note(`a comma before ${close}`, at)
    return true
  }

  #entry(): readonly [string, unknown] {
    const key = this.#key()
    this.#skip()
    if (this.#peek() === "=") this.#note("a colon is missing between a key and its value")
    else if (this.#peek() !== ":")
      this.#stop(`a colon is missing after the key ${JSON.stringify(key)}`)
    this.#at++
    return [key, this.#value()]
  }

  #key(): string {
    const next = this.#peek()
    if (next === '"' || next === "'") return this.#string(next)
    const at = this.#at
    const word = this.#take(/[\w$-]+/uy)
    if (word === "") return this.#stop(`expected a key in double quotes, got ${this.#shown()}`)
    this.#note(`the key ${word.slice(0, 40)} needs double quotes`, at)
    return word
  }

  #string(quote: string): string {
    const from = this.#at
    if (quote === "'") this.#note("a string needs double quotes, not single quotes")
    this.#at++
    let text = ""
    for (;;) {
      const next = this.#peek()
      if (next === "") {
        this.#flaw = this.#flaw ?? {
          at: from,
          what: "the string that starts here has no closing quote"
        }
        throw new Unreadable()
      }
      this.#at++
      if (next === quote) return text
      if (next < " ")
        this.#note(
          `write ${JSON.stringify(next).slice(1, -1)} for the control character`,
          this.#at - 1
        )
      text += next === "\\" ? this.#escape() : next
    }
  }

  #escape(): string {
    const next = this.#peek()
    this.#at++
    if (next === "u") {
      const digits = this.#text.slice(this.#at, this.#at + 4)
      if (!/^[\da-f]{4}$/iu.test(digits)) this.#stop("expected four hexadecimal digits after \\u")
      this.#at += 4
      return String.fromCodePoint(Number.parseInt(digits, 16))
    }
    const known = Object.hasOwn(escapes, next) ? escapes[next] : undefined
    if (known !== undefined && next !== "'") return known
    this.#note(
      `\\${next} is not an escape sequence of JSON; for a backslash write \\\\`,
      this.#at - 2
    )
    return known ?? `\\${next}`
  }

  #bare(): unknown {
    const at = this.#at
    const word = this.#take(/[^,:{}[\]"'\s]+/uy)
    if (word === "") return this.#stop(`expected a value, got ${this.#shown()}`)
    if (names.has(word)) return names.get(word)
    if (numberShape.test(word)) return Number(word)
    if (foreign.has(word)) {
      this.#note(`${word} is not JSON: write ${String(foreign.get(word))}`, at)
      return foreign.get(word)
    }
    const line = (word + this.#take(/[^,{}[\]"'\n]+/uy)).trim()
    this.#note(`the string ${line.slice(0, 40)} needs double quotes`, at)
    return line
  }
}

/** Parses a text that JSON.parse rejects. */
export const readLooseJson = (text: string): LooseJson => new Reader(text).read()
