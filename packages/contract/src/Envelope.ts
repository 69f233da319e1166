/** The one JSON document that every call answers with. */
import type { Problem } from "./Problem.ts"

/** The exit codes of the CLI: an expected failure is 1, a defect of backbeat 70 (EX_SOFTWARE of sysexits.h). */
export const exitCodes = { ok: 0, refused: 1, defect: 70 } as const

/** The document of a success. */
export const succeeded = (command: string, data: unknown) => ({ ok: true, command, data }) as const

/** What is told of a problem. */
export const errorOf = ({ type, message, details, hint, retryable }: Problem) => ({ type, message, details: { ...details, hint, retryable } })

/** The document of a failure. */
export const failed = (command: string, problem: Problem) => ({ ok: false, command, error: errorOf(problem) }) as const

/** The exit code that goes with a failure. */
export const exitCodeOf = ({ type }: Problem): number =>
  type === "InternalError" ? exitCodes.defect : exitCodes.refused
