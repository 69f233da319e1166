/** The boundary to systemd and launchd: what installs, removes and shows the service of a home. */
import { type Problem, problem } from "@backbeat/contract/Problem"
import type { ServiceManager as ManagerName } from "@backbeat/contract/operation/service"
import * as Result from "effect/Result"
import { join } from "node:path"
import { launchdPlist, type ServiceSpec, systemdUnit } from "./unitText.ts"

/** One service manager, for one service. */
export interface ServiceManager {
  readonly name: ManagerName
  readonly path: string
  readonly text: string
  /** Starts the service now and at each login or boot. Fails with ServiceUnavailable. */
  readonly enable: () => Result.Result<void, Problem>
  /** Stops the service, and starts it no more. */
  readonly disable: () => void
  readonly isActive: () => boolean
  /** Whether it runs without a login; null if that is unknown. */
  readonly lingers: () => boolean | null
}

/** Runs a program of the system; null if it is missing. */
export type Run = (
  argv: ReadonlyArray<string>
) => { readonly exitCode: number; readonly stdout: string; readonly stderr: string } | null

/** Runs programs found in PATH. */
export const runHere: Run = ([program = "", ...args]) => {
  const path = Bun.which(program)
  if (path === null) return null
  const { exitCode, stdout, stderr } = Bun.spawnSync([path, ...args], {
    stdin: "ignore",
    timeout: 20_000
  })
  return { exitCode, stdout: stdout.toString().trim(), stderr: stderr.toString().trim() }
}

const unavailable = (message: string, hint: string): Problem =>
  problem("ServiceUnavailable", message, hint)

/** Runs commands until one fails. */
const runAll = (run: Run, commands: ReadonlyArray<ReadonlyArray<string>>) => {
  for (const argv of commands) {
    const done = run(argv)
    if (done?.exitCode !== 0)
      return Result.fail(
        unavailable(
          `${argv.join(" ")} failed: ${done === null ? "it is not installed" : done.stderr || `exit code ${done.exitCode}`}`,
          "The file of the service was removed again. Check that the service manager of your user runs, such as with: systemctl --user status"
        )
      )
  }
  return Result.succeed(undefined)
}

const systemd = (spec: ServiceSpec, folder: string, run: Run): ServiceManager => {
  const unit = `${spec.name}.service`
  return {
    name: "systemd",
    path: join(folder, unit),
    text: systemdUnit(spec),
    enable: () =>
      runAll(run, [
        ["systemctl", "--user", "daemon-reload"],
        ["systemctl", "--user", "enable", "--now", unit]
      ]),
    disable: () => {
      run(["systemctl", "--user", "disable", "--now", unit])
    },
    isActive: () => run(["systemctl", "--user", "is-active", "--quiet", unit])?.exitCode === 0,
    lingers: () => {
      const shown = run(["loginctl", "show-user", String(process.getuid?.()), "--property=Linger"])
      if (shown?.exitCode !== 0) return null
      return shown.stdout === "Linger=yes"
    }
  }
}

const launchd = (spec: ServiceSpec, folder: string, run: Run): ServiceManager => {
  const path = join(folder, `${spec.name}.plist`)
  const domain = `gui/${process.getuid?.() ?? 0}`
  return {
    name: "launchd",
    path,
    text: launchdPlist(spec),
    enable: () => runAll(run, [["launchctl", "bootstrap", domain, path]]),
    disable: () => {
      run(["launchctl", "bootout", `${domain}/${spec.name}`])
    },
    isActive: () => run(["launchctl", "print", `${domain}/${spec.name}`])?.exitCode === 0,
    // A launch agent runs while its user is logged in.
    lingers: () => false
  }
}

/** Where a user's files are, and which system this is. */
export interface UserSystem {
  readonly platform: NodeJS.Platform
  readonly userFolder: string
  /** XDG_CONFIG_HOME, if it is an absolute path. */
  readonly configFolder: string | null
  readonly run: Run
}

/** The manager of this system. Fails with ServiceUnavailable where it has none that is known. */
export const managerOf = (
  spec: ServiceSpec,
  { platform, userFolder, configFolder, run }: UserSystem
): Result.Result<ServiceManager, Problem> => {
  if (platform === "darwin")
    return Result.succeed(launchd(spec, join(userFolder, "Library", "LaunchAgents"), run))
  if (run(["systemctl", "--version"])?.exitCode === 0)
    return Result.succeed(
      systemd(spec, join(configFolder ?? join(userFolder, ".config"), "systemd", "user"), run)
    )
  return Result.fail(
    unavailable(
      "this system has neither systemd nor launchd",
      "Run `backbeat serve` from your own service manager, or from a terminal that stays open."
    )
  )
}
