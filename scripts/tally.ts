// Counts tests from the JUnit report of `bun test`, and trusts it no further than it reaches.

/** How many tests passed and failed. */
export interface Tally {
  readonly passed: number
  readonly failed: number
}

const attribute = (tag: string, name: string): number =>
  Number(new RegExp(` ${name}="(\\d+)"`, "u").exec(tag)?.[1] ?? 0)

/** Reads a JUnit report. A file that is missing in it did not load or has no test: it counts as one failure. */
export const readTally = (xml: string, files: ReadonlyArray<string>): Tally => {
  const total = /<testsuites [^>]*>/u.exec(xml)?.[0] ?? ""
  const seen = new Set(
    [...xml.matchAll(/<testsuite [^>]*\bfile="([^"]+)"/gu)].map((match) => match[1])
  )
  const unseen = files.filter((file) => !seen.has(file)).length
  const failed = attribute(total, "failures")
  const passed = attribute(total, "tests") - failed - attribute(total, "skipped")
  return { passed, failed: failed + unseen }
}
