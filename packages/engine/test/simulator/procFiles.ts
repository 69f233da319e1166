/** The files of /proc that the engine reads, for the simulated processes. Source: proc(5). */
import type { DiskNode } from "./DiskNode.ts"
import type { Kernel, Process } from "./Kernel.ts"

/** What is at a path below /proc. */
export type ProcFile =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "names"; readonly names: ReadonlyArray<string> }
  | { readonly kind: "link"; readonly path: string; readonly node: DiskNode | null }

const text = (content: string): ProcFile => ({ kind: "text", text: content })

const statOf = (process: Process): string => {
  const state = process.isStopped ? "T" : "S"
  const fields = [state, process.parent?.pid ?? 1, process.pgid, process.sid, 0, -1]
  // The fields between the terminal and the number of threads mean nothing here.
  const between = Array.from({ length: 11 }, () => 0)
  return `${process.pid} (${process.program.split("\0")[0]?.slice(-15) ?? ""}) ${[...fields, ...between, 1, 0, process.startTicks, 0, 0].join(" ")}\n`
}

const ofProcess = (
  process: Process,
  [name, descriptor]: ReadonlyArray<string>
): ProcFile | null => {
  switch (name) {
    case undefined:
      return { kind: "names", names: ["cmdline", "environ", "fd", "stat"] }
    case "stat":
      return text(statOf(process))
    case "cmdline":
      return text(process.program)
    case "environ":
      return text(process.environ)
    case "fd": {
      if (descriptor === undefined)
        return { kind: "names", names: [...process.files.keys()].map(String) }
      const file = process.files.get(Number(descriptor))
      return file === undefined ? null : { kind: "link", path: file.path, node: file.node }
    }
    default:
      return null
  }
}

/** What is there; null when nothing is. */
export const procFile = (kernel: Kernel, path: string): ProcFile | null => {
  const [first, ...rest] = path.split("/").slice(2)
  if (first === undefined || first === "")
    return { kind: "names", names: [...[...kernel.processes.keys()].map(String), "uptime"] }
  // The kernel cuts off what is less than a hundredth.
  if (first === "uptime")
    return text(`${(Math.floor(kernel.steadyMs / 10) / 100).toFixed(2)} 0.00\n`)
  if (path === "/proc/self/limits")
    return text("Max open files            1048576              1048576              files\n")
  if (path === "/proc/sys/kernel/random/boot_id") return text(`${kernel.bootId}\n`)
  const process = kernel.processes.get(Number(first))
  return process === undefined ? null : ofProcess(process, rest)
}
