/** What was thrown, told: by system calls with a code, by anything else as it comes. */

/** The code of a failed system call, such as "ENOENT"; empty for anything else that was thrown. */
export const errorCode = (thrown: unknown): string =>
  thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : ""

/** The message of an error, or the text of whatever else was thrown. */
export const errorMessage = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown)

const shortages: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOMEM"])

/** Whether the system was short of descriptors or memory: what failed so says nothing of what it was about. */
export const isShortage = (thrown: unknown): boolean => shortages.has(errorCode(thrown))
