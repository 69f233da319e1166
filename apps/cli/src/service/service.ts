/** Does `service install`, `service uninstall` and `service status`. */
import { findHome, type HomePaths, userFolder } from "@backbeat/client/Home"
import type { Problem } from "@backbeat/contract/Problem"
import type { Input, Output } from "@backbeat/contract/table"
import * as Result from "effect/Result"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { selfCommand } from "../outgoing.ts"
import type { ServiceSpec } from "./unitText.ts"
import { managerOf, runHere, type ServiceManager, type UserSystem } from "./ServiceManager.ts"

/** How the service finds the home: it has neither the caller's working directory nor the caller's environment. */
const specOf = (place: HomePaths, user: string): ServiceSpec => {
  const { root, configPath } = place
  const usual = findHome(undefined, { HOME: user })
  const isUsual = usual.root === root && usual.configPath === configPath
  const isWhole = configPath === join(root, "config.json")
  return {
    name: isUsual ? "backbeat" : `backbeat-${Bun.hash(root).toString(36)}`,
    home: root,
    command: [...selfCommand(), "serve", ...(!isUsual && isWhole ? ["--home", root] : [])],
    environment: {
      // In every engine: it collects garbage when it is idle.
      BUN_GC_TIMER_DISABLE: "1",
      ...(isUsual || isWhole
        ? {}
        : { XDG_STATE_HOME: dirname(root), XDG_CONFIG_HOME: dirname(dirname(configPath)) })
    }
  }
}

const systemOf = (environment: NodeJS.ProcessEnv): UserSystem => {
  const { XDG_CONFIG_HOME: configFolder } = environment
  return {
    platform: process.platform,
    userFolder: userFolder(environment) ?? "/",
    configFolder: configFolder?.startsWith("/") === true ? configFolder : null,
    run: runHere
  }
}

const managerFor = (place: HomePaths, system: UserSystem): Result.Result<ServiceManager, Problem> =>
  managerOf(specOf(place, system.userFolder), system)

const textAt = (path: string): string | null =>
  existsSync(path) ? readFileSync(path, "utf8") : null

const lingerWarning = (manager: ServiceManager): ReadonlyArray<string> =>
  manager.lingers() === false
    ? [
        manager.name === "systemd"
          ? "the service stops when you log out, and starts at your next login: run loginctl enable-linger to keep it running"
          : "the service runs while you are logged in"
      ]
    : []

const shown = (manager: ServiceManager, installed: boolean) => {
  const warnings = lingerWarning(manager)
  return {
    manager: manager.name,
    path: manager.path,
    text: manager.text,
    installed,
    active: installed && manager.isActive(),
    linger: manager.lingers(),
    ...(warnings.length === 0 ? {} : { warnings })
  }
}

const remove = (manager: ServiceManager): void => {
  manager.disable()
  rmSync(manager.path, { force: true })
}

/** Writes the file and enables the service; a service that cannot be enabled leaves no file. Fails with ServiceUnavailable. */
export const install = (
  { print = false }: Input<"service install">,
  place: HomePaths,
  system = systemOf(process.env)
): Result.Result<Output<"service install">, Problem> =>
  Result.flatMap(managerFor(place, system), (manager) => {
    if (print) return Result.succeed(shown(manager, false))
    mkdirSync(dirname(manager.path), { recursive: true })
    if (textAt(manager.path) !== null) manager.disable()
    writeFileSync(manager.path, manager.text)
    const enabled = manager.enable()
    if (Result.isSuccess(enabled)) return Result.succeed(shown(manager, true))
    remove(manager)
    return Result.fail(enabled.failure)
  })

/** Stops the service and removes its file. Fails with ServiceUnavailable. */
export const uninstall = (
  place: HomePaths,
  system = systemOf(process.env)
): Result.Result<Output<"service uninstall">, Problem> =>
  Result.map(managerFor(place, system), (manager) => {
    const removed = textAt(manager.path) !== null
    if (removed) remove(manager)
    return { manager: manager.name, path: manager.path, removed }
  })

/** What is installed, and whether it is what would be installed now. */
export const status = (
  place: HomePaths,
  system = systemOf(process.env)
): Output<"service status"> => {
  const found = managerFor(place, system)
  if (Result.isFailure(found))
    return {
      manager: null,
      path: null,
      installed: false,
      current: false,
      active: false,
      linger: null
    }
  const manager = found.success
  const text = textAt(manager.path)
  return {
    manager: manager.name,
    path: manager.path,
    installed: text !== null,
    current: text === manager.text,
    active: text !== null && manager.isActive(),
    linger: manager.lingers()
  }
}
