/** What the engine itself costs: memory with 1,000 running tasks, wake-ups while idle, CPU while a task writes 1 GiB. Linux. */
import { readFileSync } from "node:fs"
import { binary, compare, Scratch, show } from "./Bench.ts"

const clockTickMs = 10

const statusOf = (pid: number, name: string): number =>
  Number(
    new RegExp(`^${name}:\\s+(\\d+)`, "mu").exec(
      readFileSync(`/proc/${pid}/status`, "utf8")
    )?.[1] ?? Number.NaN
  )

const cpuMs = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
  return (Number(fields[11]) + Number(fields[12])) * clockTickMs
}

const pidOf = (scratch: Scratch): number =>
  Number(/"pid":(\d+)/u.exec(scratch.run("engine", "status"))?.[1])

const megabytes = (kilobytes: number): string => `${(kilobytes / 1024).toFixed(1)} MB`

using scratch = new Scratch()
scratch.run("list")
const pid = pidOf(scratch)
console.log(
  `idle engine: ${megabytes(statusOf(pid, "VmRSS"))} resident, ${megabytes(statusOf(pid, "RssAnon"))} of its own`
)

const many = scratch.file(
  "many.json",
  JSON.stringify(
    Array.from({ length: 1000 }, () => ({ command: "sleep", args: ["600"], tags: ["many"] }))
  )
)
scratch.run("start", `@${many}`, "--output", "artifact")
const showMany = (when: string): void =>
  console.log(
    `1,000 running tasks, ${when}: ${megabytes(statusOf(pid, "VmRSS"))} resident, ${megabytes(statusOf(pid, "RssAnon"))} of its own`
  )
showMany("just started")
// Longer than an engine takes to give memory back.
await Bun.sleep(8000)
showMany("at rest")

const switches = statusOf(pid, "voluntary_ctxt_switches")
const cpu = cpuMs(pid)
await Bun.sleep(60_000)
console.log(
  `a minute with 1,000 silent tasks: ${statusOf(pid, "voluntary_ctxt_switches") - switches} wake-ups, ${cpuMs(pid) - cpu} ms CPU`
)

const gibibyte = "head -c 1073741824 /dev/zero"
const payload = scratch.file("big.json", JSON.stringify({ script: gibibyte }))
const prepare = `rm -f direct; ${binary} prune '{"olderThanDays":0}'; sync`
const candidates = [
  { name: "straight to a file", line: `sh -c '${gibibyte} > direct'`, prepare },
  { name: "as a task", line: `${binary} start @${payload} --wait`, prepare }
]
const before = cpuMs(pid)
const runs = 5
show("1 GiB of output", candidates, compare(scratch, candidates, runs))
console.log(
  `  engine CPU for each GiB, calls included: ${((cpuMs(pid) - before) / (runs + 3)).toFixed(0)} ms`
)

for (let left = 1000; left > 0; left -= 500) {
  const ids = [
    ...scratch
      .run("list", JSON.stringify({ status: "running", limit: 500 }))
      .matchAll(/"id":"([^"]+)"/gu)
  ].map(([, id]) => ({ id, force: true }))
  if (ids.length > 0) scratch.run("stop", `@${scratch.file("stop.json", JSON.stringify(ids))}`)
}
