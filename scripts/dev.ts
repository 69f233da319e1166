// Builds dist/backbeat again whenever a source is saved, until it is interrupted.
import { watch } from "node:fs"
import { join } from "node:path"
import { build } from "./build.ts"
import { install, root } from "./workspace.ts"

/** An editor writes several files at once: they are built together. */
const gatherMs = 100

install()
console.log(build().output)
let timer: ReturnType<typeof setTimeout> | undefined
for (const folder of ["packages", "apps"]) {
  watch(join(root, folder), { recursive: true }, (_, path) => {
    if (path === null || !path.includes("src/") || path.includes("node_modules")) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      const { output } = build()
      console.log(`${new Date().toLocaleTimeString()} ${output}`)
    }, gatherMs)
  })
}
