/** Describes exceptions: errors of system calls by their code, others by their text. */

/** The code of a failed system call, such as "ENOENT"; empty for any other exception. */
export const errorCode = (thrown: unknown): string =>
  thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : ""

/** The message of an error, or the text of any other thrown value. */
export const errorMessage = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown)

const shortages: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOMEM"])

/**
 * Whether the system lacked descriptors or memory. Such an error says nothing about its subject.
 */
export const isShortage = (thrown: unknown): boolean => shortages.has(errorCode(thrown))
