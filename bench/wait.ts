/** How long after a task's end a `wait` has answered: from the time that the record carries to the end of the waiting process. */
import { binary, Scratch } from "./Bench.ts"

using scratch = new Scratch()
scratch.run("list")
const delays: Array<number> = []
for (let round = 0; round < 30; round++) {
  const id = `t${round}`
  scratch.run("start", JSON.stringify({ id, script: "read word", stdin: "open" }))
  const waiting = Bun.spawn([binary, "wait", id], { env: scratch.env, stdout: "pipe" })
  // The task ends when it is told to, long after the wait has begun.
  await Bun.sleep(100)
  scratch.run("send", JSON.stringify({ id, text: "go\n" }))
  const text = await new Response(waiting.stdout).text()
  await waiting.exited
  const answeredAt = performance.timeOrigin + performance.now()
  delays.push(answeredAt - Date.parse(/"endedAt":"([^"]+)"/u.exec(text)?.[1] ?? ""))
}
const sorted = delays.toSorted((left, right) => left - right)
const at = (share: number): string =>
  (sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN).toFixed(1)
console.log(
  `wait answers after the end: median ${at(0.5)} ms, 90 % within ${at(0.9)} ms, at most ${at(1)} ms (30 tasks)`
)
