/** Asks a person who gives no payload, by the column `asks` of the row. */
import type { EntryRow } from "@backbeat/contract/EntryRow"
import { chooseAgent } from "./chooseAgent.ts"
import type { TypedCall } from "./commandLine.ts"

type Question = NonNullable<EntryRow["asks"]>

const questions: Readonly<Record<Question, (line: TypedCall) => Promise<TypedCall>>> = {
  agent: chooseAgent
}

/** The call with the answer as its payload. Throws NotAnswered. */
export const ask = (question: Question, line: TypedCall): Promise<TypedCall> =>
  questions[question](line)
