import { describe, expect, test } from "bun:test"
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { resolveCommand } from "../../src/process/resolveCommand.ts"

class Scratch implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "backbeat-resolve-"))
  file(name: string, text = "", mode = 0o755): string {
    const path = join(this.root, name)
    mkdirSync(join(path, ".."), { recursive: true })
    writeFileSync(path, text)
    chmodSync(path, mode)
    return path
  }
  resolve(
    command: string,
    env: Record<string, string> = { PATH: "/usr/bin:/bin" },
    cwd = this.root
  ) {
    return resolveCommand({ argv: [command], env, cwd })
  }
  [Symbol.dispose]() {
    rmSync(this.root, { recursive: true })
  }
}

const resolved = (path: string) => ({ kind: "resolved", path }) as const
const refused = (message: string) => ({ kind: "notSpawned", message }) as const

describe("a command", () => {
  test("of another kind of machine, or with a loader that is not there, cannot be started", () => {
    using scratch = new Scratch()
    const program = readFileSync(process.execPath).subarray(0, 100_000)
    const foreign = Buffer.from(program)
    foreign.writeUInt16LE(8, 18)
    writeFileSync(scratch.file("foreign"), foreign)
    expect(scratch.resolve("./foreign")).toEqual(
      refused(`${join(scratch.root, "foreign")} is a program for another machine (ELF machine 8)`)
    )
    const lost = Buffer.from(program)
    const at = lost.indexOf("/lib")
    lost.write("/nil", at)
    writeFileSync(scratch.file("lost"), lost)
    expect(scratch.resolve("./lost")).toMatchObject({
      kind: "notSpawned",
      message: expect.stringMatching(
        /^the interpreter of .*lost cannot be run: no such file: \/nil/u
      )
    })
    expect(scratch.resolve(process.execPath).kind).toBe("resolved")
  })

  test("with interpreters that have interpreters goes as far as the system does", () => {
    using scratch = new Scratch()
    for (let depth = 1; depth <= 5; depth++)
      scratch.file(`i${depth}`, `#!${join(scratch.root, `i${depth + 1}`)}\n`)
    scratch.file("i6", "#!/bin/sh\n")
    expect(scratch.resolve("./i2").kind).toBe("resolved")
    expect(scratch.resolve("./i1").kind).toBe("notSpawned")
    expect(Bun.spawnSync([join(scratch.root, "i2")]).exitCode).toBe(0)
    expect(() => Bun.spawnSync([join(scratch.root, "i1")])).toThrow()
  })

  test("with an interpreter behind links in a circle is told so", () => {
    using scratch = new Scratch()
    const [one, other] = [join(scratch.root, "one"), join(scratch.root, "other")]
    symlinkSync(one, other)
    symlinkSync(other, one)
    const path = scratch.file("script", `#!${one}\n`)
    expect(scratch.resolve("./script")).toEqual(
      refused(
        `the interpreter of ${path} cannot be run: its symbolic links lead in a circle: ${one}`
      )
    )
  })

  test("without a slash is looked up along the PATH of its own environment", () => {
    using scratch = new Scratch()
    const first = scratch.file("bin1/tool")
    const second = scratch.file("bin2/tool")
    expect(
      scratch.resolve("tool", {
        PATH: `${scratch.root}/none:${scratch.root}/bin2:${scratch.root}/bin1`
      })
    ).toEqual(resolved(second))
    expect(scratch.resolve("tool", { PATH: "bin1" })).toEqual(resolved(first))
    expect(scratch.resolve("sh", {}).kind).toBe("resolved")
    expect(scratch.resolve("tool")).toEqual(refused("command not found: tool"))
  })

  test("is looked up in the working directory for an empty element of PATH alone", () => {
    using scratch = new Scratch()
    const tool = scratch.file("tool")
    expect(scratch.resolve("tool", { PATH: "/bin:" })).toEqual(resolved(tool))
    expect(scratch.resolve("tool", { PATH: "/bin" }).kind).toBe("notSpawned")
  })

  test("passes over folders and files that cannot be run, but names them if there is nothing else", () => {
    using scratch = new Scratch()
    const plain = scratch.file("bin1/tool", "", 0o644)
    mkdirSync(join(scratch.root, "bin2/tool"), { recursive: true })
    const good = scratch.file("bin3/tool")
    const path = (...names: ReadonlyArray<string>) => ({
      PATH: names.map((name) => join(scratch.root, name)).join(":")
    })
    expect(scratch.resolve("tool", path("bin1", "bin2", "bin3"))).toEqual(resolved(good))
    expect(scratch.resolve("tool", path("bin2", "bin1"))).toEqual(
      refused(`not executable: ${plain}`)
    )
    expect(scratch.resolve("tool", path("bin2"))).toEqual(refused("command not found: tool"))
  })

  test("with a slash is resolved against the working directory", () => {
    using scratch = new Scratch()
    const tool = scratch.file("sub/tool")
    expect(scratch.resolve("./sub/tool")).toEqual(resolved(tool))
    expect(scratch.resolve("../tool", {}, join(scratch.root, "sub"))).toEqual(
      refused(`no such file: ${scratch.root}/tool`)
    )
    expect(scratch.resolve("sub/")).toEqual(refused(`is a directory: ${scratch.root}/sub`))
    expect(scratch.resolve("./sub")).toEqual(refused(`is a directory: ${scratch.root}/sub`))
    expect(scratch.resolve("/dev/null")).toEqual(refused("is not a file: /dev/null"))
    expect(scratch.resolve(scratch.file("plain", "", 0o600))).toEqual(
      refused(`not executable: ${scratch.root}/plain`)
    )
    expect(scratch.resolve("./sub/tool/x")).toEqual(
      refused(`no such file: ${scratch.root}/sub/tool/x`)
    )
  })

  test("whose interpreter is missing is refused with the interpreter's name", () => {
    using scratch = new Scratch()
    const script = scratch.file("script", "#! /no/such/python -u\n")
    expect(scratch.resolve("./script")).toEqual(
      refused(`the interpreter of ${script} cannot be run: no such file: /no/such/python`)
    )
    expect(scratch.resolve("script", { PATH: scratch.root }).kind).toBe("notSpawned")
    expect(scratch.resolve(scratch.file("good", "#!/bin/sh\n")).kind).toBe("resolved")
    expect(scratch.resolve(scratch.file("none", "echo without a first line\n")).kind).toBe(
      "resolved"
    )
  })

  test("needs a working directory that is one", () => {
    using scratch = new Scratch()
    const file = scratch.file("file")
    expect(scratch.resolve("sh", {}, "/no/such/dir")).toEqual(
      refused("the working directory does not exist: /no/such/dir")
    )
    expect(scratch.resolve("sh", {}, file)).toEqual(
      refused(`the working directory is not a directory: ${file}`)
    )
    expect(scratch.resolve("sh", {}, "relative")).toEqual(
      refused("the working directory is not an absolute path: relative")
    )
  })

  test("is refused when it is empty or has NUL bytes anywhere", () => {
    const nul = refused("the command, its working directory or its environment contains a NUL byte")
    expect(resolveCommand({ argv: [], env: {}, cwd: "/" })).toEqual(refused("the command is empty"))
    expect(resolveCommand({ argv: ["sh", "a\0b"], env: {}, cwd: "/" })).toEqual(nul)
    expect(resolveCommand({ argv: ["sh"], env: { A: "\0" }, cwd: "/" })).toEqual(nul)
    expect(resolveCommand({ argv: ["sh"], env: { "A\0": "" }, cwd: "/" })).toEqual(nul)
    expect(resolveCommand({ argv: ["sh"], env: {}, cwd: "/\0" })).toEqual(nul)
  })
})
