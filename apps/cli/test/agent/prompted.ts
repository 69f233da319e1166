/** Starts a prompt and waits for its end. */
import type { Rig } from "../Rig.ts"
import type { FakeAgents } from "./FakeAgents.ts"

/** The data of the answer. */
export const prompted = async (rig: Rig, agents: FakeAgents, payload: object) => {
  const called = await rig.call(
    ["start", JSON.stringify({ prompt: "Do it.", full: true, ...payload }), "--wait"],
    { env: agents.env }
  )
  return called.document["data"]
}
