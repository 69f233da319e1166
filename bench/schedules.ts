/** What 10,000 schedules cost: listing, the calendar, memory and wake-ups at rest, and ticks of one instant. Linux. `--count 1000` makes fewer. */
import { readFileSync } from "node:fs"
import { binary, Scratch } from "./Bench.ts"

const flag = process.argv.indexOf("--count")
const count = flag === -1 ? 10_000 : Number(process.argv[flag + 1])
const dueCount = Math.min(200, count)

using scratch = new Scratch()
scratch.run("list")

const create = async (payload: object): Promise<void> => {
  const child = Bun.spawn([binary, "schedule", "create", JSON.stringify(payload)], {
    env: scratch.env,
    cwd: scratch.dir,
    stdio: ["ignore", "ignore", "inherit"]
  })
  if ((await child.exited) !== 0) throw new Error("a schedule was refused")
}

/** Four calls at a time. */
const createAll = async (payloads: ReadonlyArray<object>): Promise<number> => {
  const begun = performance.now()
  const rest = payloads.values()
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (const payload of rest) await create(payload)
    })
  )
  return performance.now() - begun
}

const timed = (name: string, ...args: ReadonlyArray<string>): void => {
  const times = Array.from({ length: 11 }, () => {
    const begun = performance.now()
    scratch.run(...args)
    return performance.now() - begun
  }).toSorted((one, other) => one - other)
  console.log(`${name}: ${times[5]?.toFixed(1)} ms`)
}

const zones = ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"]
const daily = Array.from({ length: count - dueCount }, (_, index) => ({
  id: `s${index}`,
  cronExpression: `${index % 60} ${index % 24} * * *`,
  timezone: zones[index % zones.length],
  script: "true"
}))
const madeMs = await createAll(daily)
console.log(
  `one of ${daily.length} creations: ${(madeMs / daily.length).toFixed(1)} ms, four at a time`
)

timed("schedule list", "schedule", "list")
timed("schedule upcoming, a day", "schedule", "upcoming")
timed("status of the engine, to compare", "engine", "status")

const pid = Number(/"pid":(\d+)/u.exec(scratch.run("engine", "status"))?.[1])
const statusOf = (name: string): number =>
  Number(
    new RegExp(`^${name}:\\s+(\\d+)`, "mu").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
  )
// Longer than an engine takes to give memory back.
await Bun.sleep(8000)
const switches = statusOf("voluntary_ctxt_switches")
await Bun.sleep(30_000)
console.log(
  `at rest: ${(statusOf("VmRSS") / 1024).toFixed(1)} MB resident, ${statusOf("voluntary_ctxt_switches") - switches} wake-ups in 30 s`
)

const scheduledAt = new Date(Date.now() + 20_000 + dueCount * 20).toISOString()
await createAll(
  Array.from({ length: dueCount }, (_, index) => ({
    id: `due${index}`,
    scheduledAt,
    script: "true"
  }))
)
await Bun.sleep(Date.parse(scheduledAt) - Date.now() + 5000)
const runs = scratch.run("schedule", "runs", '{"limit":500}')
const lateness = [...runs.matchAll(/"latenessMs":(\d+)/gu)].map(([, ms]) => Number(ms))
console.log(
  `${lateness.length} ticks of one instant: the first ${Math.min(...lateness)} ms late, the last ${Math.max(...lateness)} ms`
)
