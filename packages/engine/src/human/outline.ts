/** Formats any data as indented lines, for answers without a table. Empty values are left out. */
import { isPresent } from "@backbeat/contract/cutTask"
import * as Predicate from "effect/Predicate"
import { visible } from "./layOut.ts"
import { type Clock, when, whenIn } from "./times.ts"

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/u

const scalar = (value: unknown, clock: Clock): string => {
  if (typeof value === "string")
    return instant.test(value) ? when(value, clock) : visible(whenIn(value, clock))
  return visible(JSON.stringify(value) ?? "")
}

const isFlat = (value: unknown): boolean => !Predicate.isObject(value) && !Array.isArray(value)

const below = (value: unknown, clock: Clock, depth: number): ReadonlyArray<string> => {
  const indent = "  ".repeat(depth)
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown) =>
      isFlat(item)
        ? [`${indent}${scalar(item, clock)}`]
        : [`${indent}-`, ...below(item, clock, depth + 1)]
    )
  }
  if (!Predicate.isObject(value)) return [`${indent}${scalar(value, clock)}`]
  return Object.entries(value).flatMap(([key, each]: readonly [string, unknown]) => {
    if (!isPresent(each) || (Predicate.isObject(each) && Object.keys(each).length === 0)) return []
    if (
      Array.isArray(each) &&
      each.every(Predicate.isString) &&
      each.join(", ").length < 80 &&
      key !== "lastLines"
    )
      return [`${indent}${key}: ${visible(each.join(", "))}`]
    return isFlat(each)
      ? [`${indent}${key}: ${scalar(each, clock)}`]
      : [`${indent}${key}:`, ...below(each, clock, depth + 1)]
  })
}

/** Formats data as indented lines. */
export const outline = (data: unknown, clock: Clock): string => below(data, clock, 0).join("\n")
