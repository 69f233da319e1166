/** The one JSON document that every call answers with. */
import { type Problem, problemTypes } from "./Problem.ts"

/** The exit codes of the CLI: an expected failure is 1, a defect of backbeat 70 (EX_SOFTWARE of sysexits.h). */
export const exitCodes = { ok: 0, refused: 1, defect: 70 } as const

/** The document of a success. */
export const succeeded = (command: string, data: unknown) => ({ ok: true, command, data }) as const

/** The document of a failure. */
export const failed = (command: string, { type, message, details, hint }: Problem) =>
  ({
    ok: false,
    command,
    error: { type, message, details: { ...details, hint, retryable: problemTypes[type].retryable } }
  }) as const

/** The exit code that goes with a failure. */
export const exitCodeOf = ({ type }: Problem): number =>
  type === "InternalError" ? exitCodes.defect : exitCodes.refused
