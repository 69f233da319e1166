// Builds the binary of this platform into dist/backbeat, and only when a source has changed since the last build.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { filesOf, install, root } from "./workspace.ts"

/** Path of the built binary. */
export const binary = join(root, "dist", "backbeat")
const stamp = join(root, "dist", "backbeat.sources")
const sources = [
  "{packages,apps}/*/src/**",
  "{packages,apps}/*/package.json",
  "bun.lock",
  "tsconfig*.json",
  "scripts/build.ts"
]

const hashSources = (): string => {
  const hash = new Bun.CryptoHasher("sha256")
  hash.update(`${Bun.version} ${process.platform} ${process.arch}\n`)
  for (const path of filesOf(sources)) {
    const bytes = readFileSync(join(root, path))
    hash.update(`${path} ${bytes.length}\n`).update(bytes)
  }
  return hash.digest("hex")
}

const readVersion = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "apps/cli/package.json"), "utf8"))
  if (typeof manifest === "object" && manifest !== null && "version" in manifest)
    return String(manifest.version)
  throw new Error("apps/cli/package.json has no version")
}

// The two --no-compile-autoload flags matter for safety: without them the binary would run the preload of a
// bunfig.toml and read the .env of whatever folder it is called in.
const compile = (outfile: string) =>
  Bun.spawnSync(
    [
      process.execPath,
      "build",
      "--compile",
      "--minify",
      "--bytecode",
      "--splitting",
      "--format=esm",
      "--compile-jit-policy=10",
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      // With an option of its own the runtime begins in a working directory that was deleted. This one changes nothing else: no package is ever installed.
      "--compile-exec-argv=--no-install",
      "--define",
      `BACKBEAT_VERSION=${JSON.stringify(readVersion())}`,
      "--outfile",
      outfile,
      join(root, "apps/cli/src/main.ts"),
      // Loaded by a stream alone, as a worker.
      join(root, "apps/cli/src/watchReader.ts")
    ],
    { cwd: join(root, "dist"), stdin: "ignore" }
  )

/** Builds when needed. Says whether the binary is there and current, and what was done. */
export const build = (): { readonly ok: boolean; readonly output: string } => {
  const hash = hashSources()
  if (existsSync(binary) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash)
    return { ok: true, output: "dist/backbeat is current" }
  mkdirSync(join(root, "dist"), { recursive: true })
  // Built aside and moved in, so that a binary in use, or another build at the same time, is never half-written.
  const aside = `${binary}.${process.pid}`
  const { exitCode, stdout, stderr } = compile(aside)
  if (exitCode !== 0) {
    rmSync(aside, { force: true })
    return { ok: false, output: `${stdout}${stderr}`.trim() }
  }
  rmSync(stamp, { force: true })
  renameSync(aside, binary)
  writeFileSync(stamp, hash)
  return { ok: true, output: "dist/backbeat built" }
}

if (import.meta.main) {
  install()
  const { ok, output } = build()
  console.log(output)
  process.exitCode = ok ? 0 : 1
}
