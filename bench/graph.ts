/** Tasks that wait for each other, against GNU make and task-spooler: layers of a graph, and a chain. Needs hyperfine, make and tsp. */
import { binary, type Candidate, compare, Scratch, show } from "./Bench.ts"

/** For each task the places of those that it depends on. */
type Graph = ReadonlyArray<ReadonlyArray<number>>

/** Layers of 20, each task behind three of the layer before. */
const layers = (count: number): Graph =>
  Array.from({ length: count }, (_, index) => {
    const before = Math.floor(index / 20) * 20 - 20
    return before < 0 ? [] : [0, 7, 13].map((step) => before + ((index + step) % 20))
  })

const chain = (count: number): Graph =>
  Array.from({ length: count }, (_, index) => (index === 0 ? [] : [index - 1]))

using scratch = new Scratch()
scratch.run("config", "set", '{"key":"queues.graph.concurrency","value":2}')

const makefile = (name: string, graph: Graph): string => {
  const targets = graph.map((_, index) => `t${index}`).join(" ")
  const rules = graph.map(
    (dependsOn, index) => `t${index}: ${dependsOn.map((each) => `t${each}`).join(" ")}\n\ttrue\n`
  )
  return scratch.file(`${name}.mk`, `.PHONY: all ${targets}\nall: ${targets}\n${rules.join("")}`)
}

/** The server numbers its jobs from 0 on. A job of it waits for one other at most: here for the first of the three. */
const spooler = (name: string, graph: Graph): string => {
  const lines = graph.map(
    ([first]) => `tsp ${first === undefined ? "" : `-D ${first} `}true > /dev/null`
  )
  const ends = graph.map((_, index) => `tsp -w ${index}`)
  return scratch.file(
    `${name}.tsp`,
    ["tsp -S 2", ...lines, ...ends.slice(-20), "tsp -C", ""].join("\n")
  )
}

/** Every run has ids of its own, as every other start has. */
const batch = (name: string, graph: Graph): string => {
  const items = graph.map((dependsOn, index) => ({
    id: `RUN-${index}`,
    command: "true",
    queue: "graph",
    dependsOn: dependsOn.map((each) => `RUN-${each}`)
  }))
  const payload = scratch.file(`${name}.json`, JSON.stringify(items))
  return scratch.file(
    `${name}.sh`,
    `sed "s/RUN/${name}-$$/g" ${payload} | ${binary} start - --wait --output artifact`
  )
}

const candidates = (name: string, graph: Graph): ReadonlyArray<Candidate> => [
  {
    name: "make -j2, phony targets",
    line: `make -s -j2 -f ${makefile(name, graph)}`,
    prepare: "true"
  },
  {
    name: "task-spooler, one tsp -D each, which waits for one",
    line: `sh ${spooler(name, graph)}`,
    prepare: "tsp -K; true"
  },
  { name: "backbeat, one durable batch call", line: `sh ${batch(name, graph)}`, prepare: "true" }
]

const cases: ReadonlyArray<readonly [title: string, name: string, graph: Graph]> = [
  [
    "200 x true in ten layers, each behind three of the layer before, 2 at a time",
    "layers",
    layers(200)
  ],
  ["A chain of 50 x true: each behind the one before", "chain", chain(50)]
]
for (const [title, name, graph] of cases) {
  const each = candidates(name, graph)
  show(title, each, compare(scratch, each, 15))
}
Bun.spawnSync(["tsp", "-K"], { env: scratch.env })
