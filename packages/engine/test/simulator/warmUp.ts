/** Loads all that an engine loads while it serves, so that a history never waits for the host's disk. */
import { join } from "node:path"

/** Ends when it is loaded. */
export const warmUp = async (): Promise<void> => {
  const src = join(import.meta.dir, "../../src")
  for (const path of new Bun.Glob("{handlers,server,human,process,output}/*.ts").scanSync({
    cwd: src
  }))
    await import(join(src, path))
  await import("@backbeat/contract/discovery")
  await import("node:net")
}
