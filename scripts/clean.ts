// Removes what builds and checks leave: the binary and the caches. Installed packages stay.
import { rmSync } from "node:fs"
import { join } from "node:path"
import { root } from "./workspace.ts"

for (const path of ["dist", "node_modules/.cache"]) {
  rmSync(join(root, path), { recursive: true, force: true })
  console.log(`removed ${path}`)
}
