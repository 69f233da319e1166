import { expect, test } from "bun:test"
import { Rig } from "./Rig.ts"
test("onLog hears last lines", async () => {
  await using rig = new Rig()
  let n = 0
  const server = Bun.serve({ port: 0, fetch: async (r) => { console.log(await r.text()); n++; return new Response() } })
  const url = `http://127.0.0.1:${server.port}/`
  await rig.data("start", Array.from({length:20}, (_, i) => ({ id: `x${i}`, script: "echo error: x; exit 1", notify: { onLog: "error", webhook: url } })), ["--wait"])
  await Bun.sleep(1000)
  expect(n).toBe(20)
  server.stop(true)
})
