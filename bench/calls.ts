/** What one call costs: warm, cold, and with many stored tasks. Needs hyperfine. */
import { binary, type Candidate, compare, Scratch, show } from "./Bench.ts"

const fill = (scratch: Scratch, count: number): void => {
  const batch = 1000
  for (let done = 0; done < count; done += batch) {
    const items = Array.from({ length: Math.min(batch, count - done) }, (_, index) => ({
      id: `t${done + index}`,
      command: "/bin/true",
      notBefore: "2099-01-01T00:00:00Z",
      tags: ["bench"]
    }))
    const path = scratch.file("batch.json", JSON.stringify(items))
    scratch.run("start", `@${path}`)
    if (done % 5000 === 4000) scratch.run("list", "{}")
  }
}

using scratch = new Scratch()
scratch.run("start", '{"id":"demo","command":"true"}', "--wait")
const calls: ReadonlyArray<Candidate> = [
  { name: "bun -e 0", line: `${process.execPath} -e 0` },
  { name: "backbeat status demo (warm)", line: `${binary} status demo` },
  { name: "backbeat list (warm)", line: `${binary} list` }
]
show("A call to a running engine", calls, compare(scratch, calls, 200))

// Both come after the same pause: the engine that was stopped has gone by then, and the processors rest alike.
const pause = "sleep 0.5"
const cold: ReadonlyArray<Candidate> = [
  { name: "bun -e 0", line: `${process.execPath} -e 0`, prepare: pause },
  {
    name: "backbeat status demo (cold)",
    line: `${binary} status demo`,
    prepare: `${binary} engine stop; ${pause}`
  }
]
show("A call that starts the engine", cold, compare(scratch, cold, 40))

using large = new Scratch()
large.run("config", "set", '{"key":"maxLive","value":1000000}')
fill(large, Number(process.argv[2] ?? 100_000))
const many: ReadonlyArray<Candidate> = [
  {
    name: "status among 1 stored task",
    line: `env BACKBEAT_HOME=${scratch.home} ${binary} status demo`
  },
  {
    name: "status among 100,000 stored tasks",
    line: `env BACKBEAT_HOME=${large.home} ${binary} status t500`
  }
]
scratch.run("status", "demo")
show("Stored tasks", many, compare(scratch, many, 200))
