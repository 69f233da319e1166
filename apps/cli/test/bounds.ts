/** How much a test does: some in `verify`, all of it in `bun run test:long`. */

/** The first number in `verify`, the second when BACKBEAT_LONG is set. */
export const bound = (inVerify: number, inLong: number): number =>
  process.env["BACKBEAT_LONG"] === "1" ? inLong : inVerify
