/** The errors of simulated system calls. */

/** An error with its code, as node:fs throws it. */
export const systemError = (code: string, what: string): Error =>
  Object.assign(new Error(`${code}: ${what}`), { code })
