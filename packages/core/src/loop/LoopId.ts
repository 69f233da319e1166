/** The name of a loop. The ids of its tasks begin with it. */
import * as Schema from "effect/Schema"
import { sortableCharacters } from "../identity/sortableCharacters.ts"

/** What an id for a loop looks like: `<id>.<n>.eval25-2` is still the id of a task. */
export const LoopId = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/u, {
    message: "expected 1 to 64 characters of A-Z a-z 0-9 . _ : - that start with a letter or digit"
  })
)

/** Makes the id `loop-` + 12 characters that sort by time. `random` is a whole number from 0 to 32767. */
export const makeLoopId = (atMs: number, random: number): string =>
  `loop-${sortableCharacters(atMs, random)}`

/** The id of an iteration: that of its task or of its pipeline. The first is 1. */
export const iterationId = (loopId: string, number: number): string => `${loopId}.${number}`

/** The id of the task that evaluates an iteration for the n-th time, from 1. */
export const evaluationId = (loopId: string, number: number, nth: number): string =>
  `${iterationId(loopId, number)}.eval${nth === 1 ? "" : nth}`

/** The id of the task that sets up the worktree of a loop. */
export const setupId = (loopId: string): string => `${loopId}.setup`
