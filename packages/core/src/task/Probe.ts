/** Probes: how a task shows that it is ready, or still healthy. */
import * as Schema from "effect/Schema"
import { NonEmptyText } from "./Text.ts"

const between = (minimum: number, maximum: number, description: string) =>
  Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum, maximum })).annotate({ description })
  )

const timing = {
  intervalMs: between(50, 3_600_000, "milliseconds between two tries (default 1000)"),
  startupTimeoutMs: between(
    100,
    3_600_000,
    "milliseconds until it must have succeeded once (default 30000)"
  ),
  timeoutMs: between(50, 600_000, "milliseconds that one try may take (default 5000)"),
  failureThreshold: between(1, 1000, "failures in a row that count as one (default 3)")
}

/** The port of a TCP service. */
export const TcpPort = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 }))

const Log = Schema.Struct({
  log: NonEmptyText.annotate({
    description: "a regular expression that a line of its output matches"
  }),
  ...timing
})
const Http = Schema.Struct({
  http: NonEmptyText.annotate({ description: "a URL that answers" }),
  expectStatus: between(100, 599, "the status it must answer with"),
  ...timing
})
const Tcp = Schema.Struct({
  tcp: Schema.Struct({
    host: Schema.optionalKey(
      NonEmptyText.annotate({ description: "the host (default localhost: 127.0.0.1 or ::1)" })
    ),
    port: TcpPort.annotate({ description: "a TCP port that accepts connections" })
  }),
  ...timing
})
const Command = Schema.Struct({
  command: NonEmptyText.annotate({ description: "a shell command that exits with 0" }),
  ...timing
})

const Port = Schema.Struct({
  port: TcpPort.annotate({ description: "a TCP port of this machine that accepts connections" }),
  ...timing
})
const Url = Schema.String.check(
  Schema.isPattern(/^https?:\/\/[^\0]+$/u, {
    message: "expected an http:// or https:// URL, or an object"
  })
)

/**
 * A check of a task: a URL, a TCP port, a shell command (exit code 0), or a regular expression for
 * a line of its output.
 */
export const Probe = Schema.Union([Log, Http, Tcp, Command])
export type Probe = typeof Probe.Type

/** A probe as a caller writes it: also a plain URL, or a port of this machine. */
export const ProbeInput = Schema.Union([Url, Log, Http, Tcp, Port, Command])

/** A probe that is repeated while the task runs, so `log` is not one. */
export const HealthProbe = Schema.Union([Http, Tcp, Command])

/** A probe for people, such as `http http://127.0.0.1:3000`. */
export const describeProbe = (probe: Probe): string => {
  if ("log" in probe) return `log line matching ${probe.log}`
  if ("http" in probe) return `http ${probe.http}`
  if ("tcp" in probe) return `tcp ${probe.tcp.host ?? "localhost"}:${probe.tcp.port}`
  return `command ${probe.command}`
}

/** The timing of a probe with defaults filled in, in milliseconds. */
export const probeTiming = (probe: Probe) => ({
  intervalMs: probe.intervalMs ?? 1000,
  startupTimeoutMs: probe.startupTimeoutMs ?? 30_000,
  timeoutMs: probe.timeoutMs ?? 5000,
  failureThreshold: probe.failureThreshold ?? 3
})
