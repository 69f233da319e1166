/** Instants and expressions as tests write them. */
import { parseCron } from "@backbeat/core/schedule/parseCron"
import * as Result from "effect/Result"

/** An instant in epoch milliseconds. */
export const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds

/** An instant as answers show it. */
export const iso = (instant: number): string =>
  Temporal.Instant.fromEpochMilliseconds(instant).toString({ fractionalSecondDigits: 3 })

/** The fields of an expression that is right. */
export const fields = (expression: string) => Result.getOrThrow(parseCron(expression))
