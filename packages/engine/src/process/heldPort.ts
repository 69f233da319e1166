/** A port that another program answers on before a task begins: its answers say nothing of the task. */
import type { Probe } from "@backbeat/core/task/Probe"
import * as Effect from "effect/Effect"
import { describeProcess } from "./describeProcess.ts"
import { listenersAt } from "./listeners.ts"
import { askTcp } from "./askTcp.ts"

/** The port, and who holds it, for people. */
export interface HeldPort {
  readonly port: number
  readonly holder: string
}

/** How long the look may take before the spawn, in milliseconds. */
const lookMs = 200

const hosts: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1", "[::1]"])

const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 }

const portOfUrl = (text: string): number | null => {
  if (!URL.canParse(text)) return null
  const { hostname, port, protocol } = new URL(text)
  if (!hosts.has(hostname)) return null
  return port === "" ? (defaultPorts[protocol] ?? null) : Number(port)
}

/** The port of this machine that a probe asks; null for other machines, and for what is no port. */
const localPort = (probe: Probe): number | null => {
  if ("http" in probe) return portOfUrl(probe.http)
  return "tcp" in probe && hosts.has(probe.tcp.host ?? "localhost") ? probe.tcp.port : null
}

const holderOf = (port: number): string => {
  const [pid] = listenersAt(port)
  return pid === undefined ? "another program" : `process ${describeProcess(pid)}`
}

/** What a task is told whose port is held. */
export const describeHeld = ({ port, holder }: HeldPort): string =>
  `port ${port} is in use by ${holder}`

/** What is told of it later, when the holder may have gone. */
export const describeWasHeld = ({ port, holder }: HeldPort): string =>
  `port ${port} was held by ${holder} when the attempt began, and the task is ready when it listens there itself`

/** Looks, before the task begins, whether somebody answers on the port that its probe asks. Null when nobody does. */
export const heldPort = (probe: Probe | null): Effect.Effect<HeldPort | null> => {
  const port = probe === null ? null : localPort(probe)
  if (port === null) return Effect.succeed(null)
  return Effect.map(Effect.timeoutOption(askTcp("localhost", port), lookMs), (answer) =>
    answer._tag === "Some" && answer.value === null ? { port, holder: holderOf(port) } : null
  )
}
