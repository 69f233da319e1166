/** Formats a call for a POSIX shell. */

/** The call of an operation with a payload, quoted for sh. */
export const callText = (operation: string, payload: unknown): string =>
  `backbeat ${operation} '${JSON.stringify(payload).replaceAll("'", String.raw`'\''`)}'`
