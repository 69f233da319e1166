/** A model server on 127.0.0.1: says what a test tells it to, in four protocols, and remembers what it was asked. */
import * as Schema from "effect/Schema"
import type { Answer, Body, Protocol, Spoken } from "./Answer.ts"
import { anthropic } from "./anthropic.ts"
import { chat } from "./chat.ts"
import { gemini } from "./gemini.ts"
import { responses } from "./responses.ts"

const protocols: ReadonlyArray<Protocol> = [anthropic, responses, gemini, chat]
const decodeBody = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
)

/** A question that reached the model. */
export interface Question {
  readonly path: string
  /** For a title, a summary, a routing: it takes nothing from the script. */
  readonly aside: boolean
  readonly body: Body
}

/** What the model says. */
export interface Script {
  readonly answers?: ReadonlyArray<Answer>
  /** What it says when the answers are used up, again and again. */
  readonly afterwards?: Answer
}

const whole = (protocol: Protocol, spoken: Spoken, nth: number) =>
  Response.json(protocol.whole(spoken, nth))

const streamed = (blocks: ReadonlyArray<string>) =>
  new Response(blocks.join(""), { headers: { "content-type": "text/event-stream" } })

const broken = (protocol: Protocol, message: string, nth: number) => {
  const begun = protocol.stream({ kind: "text", text: "" }, nth).slice(0, 1)
  return streamed([...begun, protocol.broken(message)])
}

const refused = (
  protocol: Protocol,
  { status, message }: { readonly status: number; readonly message: string }
) => Response.json(protocol.refusal(status, message), { status })

/** Is serving as soon as it is made; `using` ends it with its block. */
export class MockModel {
  readonly #server: Bun.Server<undefined>
  readonly #answers: Array<Answer>
  readonly #afterwards: Answer
  readonly #questions: Array<Question> = []
  #waiting: Array<{ readonly count: number; readonly tell: () => void }> = []

  constructor({ answers = [], afterwards = { kind: "text", text: "Done." } }: Script = {}) {
    this.#answers = [...answers]
    this.#afterwards = afterwards
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 0,
      fetch: (request) => this.#take(request)
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`
  }

  get questions(): ReadonlyArray<Question> {
    return this.#questions
  }

  /** Waits until so many turns, asides not counted, have reached the model. */
  turn(count: number): Promise<void> {
    return new Promise((tell) => {
      this.#waiting.push({ count, tell })
      this.#tell()
    })
  }

  /** Ends at once, also what it stalls. */
  stop(): Promise<void> {
    return this.#server.stop(true)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #tell(): void {
    const turns = this.#questions.filter((question) => !question.aside).length
    const due = this.#waiting.filter(({ count }) => count <= turns)
    this.#waiting = this.#waiting.filter(({ count }) => count > turns)
    for (const { tell } of due) tell()
  }

  async #take(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname
    if (request.method === "POST" && path.endsWith("/count_tokens"))
      return Response.json({ input_tokens: 100 })
    const protocol = protocols.find((one) => request.method === "POST" && one.takes(path))
    if (protocol === undefined) return new Response("not found", { status: 404 })
    const body = decodeBody(await request.text())
    const aside = !protocol.offersTools(body)
    this.#questions.push({ path, aside, body })
    this.#tell()
    const answer: Answer = aside
      ? { kind: "text", text: protocol.aside }
      : (this.#answers.shift() ?? this.#afterwards)
    return this.#say(protocol, answer, protocol.streams(path, body))
  }

  #say(protocol: Protocol, answer: Answer, streams: boolean): Response | Promise<Response> {
    const nth = this.#questions.length
    switch (answer.kind) {
      case "text":
      case "tool":
        return streams ? streamed(protocol.stream(answer, nth)) : whole(protocol, answer, nth)
      case "refuse":
        return refused(protocol, answer)
      case "stall":
        return new Promise(() => undefined)
      case "break":
        if (streams) return broken(protocol, answer.message, nth)
        return refused(protocol, { status: 500, message: answer.message })
    }
  }
}
