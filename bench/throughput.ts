/** Many short tasks: 200 x true two at a time against task-spooler, and a chain of exits to starts. Needs hyperfine and tsp. */
import { binary, type Candidate, compare, Scratch, show } from "./Bench.ts"

using scratch = new Scratch()
scratch.run("config", "set", '{"key":"queues.two.concurrency","value":2}')
scratch.run("config", "set", '{"key":"queues.one.concurrency","value":1}')

const batch = (queue: string, count: number): string =>
  scratch.file(
    `${queue}-${count}.json`,
    JSON.stringify(
      Array.from({ length: count }, () => ({ command: "true", queue, tags: [`${queue}${count}`] }))
    )
  )

const spooler = (slots: number, count: number): string =>
  scratch.file(
    `tsp-${slots}.sh`,
    `tsp -S ${slots}; for i in $(seq ${count}); do tsp true > /dev/null; done; tsp -w; tsp -C`
  )

const two: ReadonlyArray<Candidate> = [
  { name: "task-spooler, one call each", line: `sh ${spooler(2, 200)}`, prepare: "tsp -K; true" },
  {
    name: "backbeat, one durable batch call",
    line: `${binary} start @${batch("two", 200)} --wait --output artifact`
  }
]
show("200 x true, 2 at a time", two, compare(scratch, two, 15))

const chain: ReadonlyArray<Candidate> = [
  { name: "task-spooler", line: `sh ${spooler(1, 50)}`, prepare: "tsp -K; true" },
  {
    name: "backbeat",
    line: `${binary} start @${batch("one", 50)} --wait --output artifact`
  }
]
show("A chain of 50: each starts when the one before has ended", chain, compare(scratch, chain, 15))
Bun.spawnSync(["tsp", "-K"], { env: scratch.env })
