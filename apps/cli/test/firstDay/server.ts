// A server that begins after a moment, on the port that it is given.
import { setTimeout } from "node:timers/promises"

await setTimeout(50)
Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch: () => new Response("hello")
})
