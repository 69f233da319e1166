/** The service of a home. The service manager itself is played by programs that note how they are called: no test enables a real service. */
import { describe, expect, test } from "bun:test"
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { launchdPlist, systemdUnit } from "../../src/service/unitText.ts"
import { binary } from "../binary.ts"
import { Rig } from "../Rig.ts"

/** Calls with a systemctl and a loginctl of the test, in a home directory of the test. */
class ServiceRig extends Rig {
  readonly user = join(this.scratch, "user")
  readonly #bin = join(this.scratch, "bin")
  readonly #calls = join(this.scratch, "calls")

  constructor(home?: string) {
    super(home)
    mkdirSync(this.user)
    mkdirSync(this.#bin)
    this.program("systemctl", "exit 0")
    this.program("loginctl", "echo Linger=no")
  }

  program(name: string, script: string): void {
    const path = join(this.#bin, name)
    writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> '${this.#calls}'\n${script}\n`)
    chmodSync(path, 0o755)
  }

  override environment(more: Readonly<Record<string, string | undefined>> = {}) {
    return {
      ...super.environment(more),
      HOME: this.user,
      PATH: `${this.#bin}:${process.env["PATH"] ?? ""}`
    }
  }

  get calls(): ReadonlyArray<string> {
    return existsSync(this.#calls)
      ? readFileSync(this.#calls, "utf8")
          .trim()
          .split("\n")
          .filter((line) => !line.includes("--version") && !line.includes("show-user"))
      : []
  }
}

/** The words of the unit's command, as systemd reads them. */
const commandOf = (unit: string): ReadonlyArray<string> =>
  [...(/^ExecStart=(.*)$/mu.exec(unit)?.[1] ?? "").matchAll(/"((?:\\.|[^"\\])*)"/gu)].map(
    ([, word = ""]) => word.replaceAll("%%", "%").replaceAll("$$", "$").replaceAll(/\\(.)/gu, "$1")
  )

describe("service install", () => {
  test("with print shows what it would write, and writes and enables nothing", async () => {
    await using rig = new ServiceRig()
    const shown = await rig.data("service install", { print: true })
    expect(shown).toMatchObject({ manager: "systemd", installed: false, active: false })
    expect(String(shown["text"])).toContain("KillMode=process")
    expect(existsSync(String(shown["path"]))).toBe(false)
    expect(rig.calls).toEqual([])
  })

  test("writes the unit of the home, enables it, and warns where it ends with the last login", async () => {
    await using rig = new ServiceRig()
    const { path, text, installed, linger, warnings } = await rig.data("service install")
    const unit = String(path).split("/").at(-1)
    expect([installed, linger]).toEqual([true, false])
    expect(warnings).toEqual([expect.stringContaining("loginctl enable-linger")])
    expect(readFileSync(String(path), "utf8")).toBe(String(text))
    expect(rig.calls).toEqual([
      "systemctl --user daemon-reload",
      `systemctl --user enable --now ${unit}`,
      `systemctl --user is-active --quiet ${unit}`
    ])
    expect(await rig.data("service status")).toMatchObject({
      installed: true,
      current: true,
      active: true
    })
    expect(await rig.data("service uninstall")).toMatchObject({ removed: true })
    expect(rig.calls.at(-1)).toBe(`systemctl --user disable --now ${unit}`)
    expect(existsSync(String(path))).toBe(false)
    expect(await rig.data("service uninstall")).toMatchObject({ removed: false })
  })

  test("leaves nothing behind when the manager refuses, and tells its words", async () => {
    await using rig = new ServiceRig()
    rig.program("systemctl", '[ "$2" != enable ] || { echo "no bus" >&2; exit 1; }')
    const { type, message } = await rig.refusal(["service", "install"])
    expect([type, message]).toEqual(["ServiceUnavailable", expect.stringContaining("no bus")])
    expect(await rig.data("service status")).toMatchObject({ installed: false, active: false })
  })

  test("is refused where there is no manager, with what to do instead", async () => {
    await using rig = new ServiceRig()
    rig.program("systemctl", "exit 127")
    const refusal = await rig.refusal(["service", "install"])
    expect(refusal.type).toBe("ServiceUnavailable")
    expect(refusal.details.hint).toContain("backbeat serve")
    expect(await rig.data("service status")).toMatchObject({ manager: null, installed: false })
  })

  test("says that a unit is not current once it names another binary", async () => {
    await using rig = new ServiceRig()
    const { path, text } = await rig.data("service install")
    writeFileSync(String(path), String(text).replace(binary, "/opt/old/backbeat"))
    expect(await rig.data("service status")).toMatchObject({ installed: true, current: false })
  })
})

describe("the unit", () => {
  test("serves its home under an empty environment, whatever is in its path", async () => {
    await using rig = new ServiceRig()
    const odd = join(rig.scratch, 'a "b" 100% $HOME & <c> \\ d')
    await using other = new ServiceRig(odd)
    const { text } = await other.data("service install", { print: true })
    const command = commandOf(String(text))
    expect(command).toEqual([binary, "serve", "--home", odd])
    const child = Bun.spawn([...command], {
      env: {},
      cwd: "/",
      stdio: ["ignore", "pipe", "inherit"]
    })
    const { value } = await child.stdout.getReader().read()
    expect(new TextDecoder().decode(value)).toContain('"state":"ready"')
    expect(await other.enginePid()).toBe(child.pid)
    child.kill("SIGTERM")
    expect(await child.exited).toBe(0)
  })

  test("of the usual home names no folder, and that of XDG folders names these", async () => {
    await using rig = new ServiceRig()
    const unitOf = async (env: Readonly<Record<string, string>>) => {
      const { document } = await rig.call(["service", "install", '{"print":true}'], {
        env: {
          BACKBEAT_HOME: undefined,
          XDG_STATE_HOME: undefined,
          XDG_CONFIG_HOME: undefined,
          ...env
        }
      })
      return document["data"]
    }
    expect(await unitOf({})).toMatchObject({
      path: join(rig.user, ".config/systemd/user/backbeat.service"),
      text: expect.stringContaining(`ExecStart="${binary}" "serve"\n`)
    })
    expect(await unitOf({ XDG_STATE_HOME: "/srv/state" })).toMatchObject({
      text: expect.stringContaining('Environment="XDG_STATE_HOME=/srv/state"\n')
    })
  })

  test("is one that systemd reads, where it is installed", async () => {
    await using rig = new Rig()
    const analyze = Bun.which("systemd-analyze")
    const path = join(rig.scratch, "backbeat-odd.service")
    writeFileSync(
      path,
      systemdUnit({
        name: "odd",
        home: 'a "b" 100%',
        command: [binary, "serve", "--home", 'a "b" 100% $x'],
        environment: { A: "1 2" }
      })
    )
    const verified =
      analyze === null
        ? ""
        : Bun.spawnSync([analyze, "verify", "--user", path], {
            env: { XDG_RUNTIME_DIR: rig.scratch, HOME: rig.scratch }
          }).stderr.toString()
    expect(verified).toBe("")
  })
})

test("the launch agent keeps tasks alive, and escapes what XML reserves", () => {
  const text = launchdPlist({
    name: "backbeat",
    home: "/h",
    command: ["/opt/a & b/backbeat", "serve", "--home", "/h<1>"],
    environment: { BUN_GC_TIMER_DISABLE: "1" }
  })
  expect(text).toContain("<string>/opt/a &amp; b/backbeat</string>")
  expect(text).toContain("<string>/h&lt;1&gt;</string>")
  expect(text).toContain("<key>AbandonProcessGroup</key>\n  <true/>")
})
