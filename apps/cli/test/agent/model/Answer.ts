/** What a mock model says next, in the words of no protocol, and what all protocols share in saying it. */

/** One answer of the model. */
export type Answer =
  | { readonly kind: "text"; readonly text: string }
  /** A tool call. An input that is a string is for a tool without a schema, as Codex's apply_patch. */
  | {
      readonly kind: "tool"
      readonly name: string
      readonly input: Readonly<Record<string, unknown>> | string
    }
  | { readonly kind: "refuse"; readonly status: number; readonly message: string }
  /** Takes the request and never answers. */
  | { readonly kind: "stall" }
  /** Begins to answer and then fails within the stream. */
  | { readonly kind: "break"; readonly message: string }

/** What a protocol can turn into a successful answer. */
export type Spoken = Extract<Answer, { kind: "text" | "tool" }>

/** A body that was decoded no further than JSON. */
export type Body = Readonly<Record<string, unknown>>

/** How one vendor's API is spoken. */
export interface Protocol {
  readonly name: string
  /** Whether a POST to this path is a question to the model. */
  readonly takes: (path: string) => boolean
  /** Whether the model is offered tools: in every turn of an agent, and in nothing that it asks beside its turns. */
  readonly offersTools: (body: Body) => boolean
  readonly streams: (path: string, body: Body) => boolean
  /** What is said to a question beside the turns. */
  readonly aside: string
  /** The whole answer; `nth` counts the answers of this model from 1 and makes ids. */
  readonly whole: (spoken: Spoken, nth: number) => unknown
  /** The events of the answer as a stream, each a complete SSE block. */
  readonly stream: (spoken: Spoken, nth: number) => ReadonlyArray<string>
  /** The block that tells of an error within a stream. */
  readonly broken: (message: string) => string
  readonly refusal: (status: number, message: string) => unknown
}

/** Tokens that every answer is said to have used. */
export const tokens = { input: 100, output: 10, total: 110 } as const

/** One server-sent event with a name, as Anthropic and OpenAI's Responses send it. */
export const named = (event: Body & { readonly type: string }): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

/** One server-sent event without a name. */
export const unnamed = (event: Body): string => `data: ${JSON.stringify(event)}\n\n`

/** Offers its tools in the field that all vendors have for it. */
export const offersTools = (body: Body): boolean =>
  Array.isArray(body["tools"]) && body["tools"].length > 0
