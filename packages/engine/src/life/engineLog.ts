/** What an engine writes of its work: one JSON object a line, or lines for people when it runs on a terminal. Never the output or the environment of a task. */
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { writeSync } from "node:fs"
import type { Configuration } from "../configuration/configuration.ts"

type Level = Configuration["logLevel"]

/** What an entry is about, each where it is known. */
export interface About {
  readonly task?: string
  readonly operation?: string
  readonly request?: string
}

const severities: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

// An engine is a process of its own: it has one log.
let least = severities.info

/** Leaves out what is less severe, from now on. */
export const logFrom = (level: Level): void => {
  least = severities[level]
}

const levelOf = (name: string): Level => {
  switch (name) {
    case "TRACE":
    case "DEBUG":
      return "debug"
    case "WARN":
      return "warn"
    case "ERROR":
    case "FATAL":
      return "error"
    default:
      return "info"
  }
}

const textOf = (part: unknown): string => (typeof part === "string" ? part : JSON.stringify(part))

/** An entry as it is written. */
export interface Entry extends About {
  readonly time: string
  readonly level: Level
  readonly message: string
  readonly cause?: string
}

const toEntry = Logger.map(
  Logger.formatStructured,
  ({ annotations, cause, level, message, timestamp }): Entry => ({
    time: timestamp,
    level: levelOf(level),
    message: Array.isArray(message) ? message.map(textOf).join(": ") : textOf(message),
    ...annotations,
    ...(cause === undefined ? {} : { cause })
  })
)

/** The entry as a line of JSON. */
export const jsonLine = (entry: Entry): string => `${JSON.stringify(entry)}\n`

/** The entry as a line for people. */
export const plainLine = ({ cause, level, message, time, ...about }: Entry): string => {
  const facts = Object.entries(about).map(([name, value]) => ` ${name}=${String(value)}`)
  return `${time.slice(11, 23)} ${level.toUpperCase().padEnd(5)} ${message}${facts.join("")}${cause === undefined ? "" : `\n${cause}`}\n`
}

/** Writes entries to stderr, which is `engine.log` or the terminal. What cannot be written, on a full disk for example, is left out. */
export const layerEngineLog = (line: (entry: Entry) => string) =>
  Logger.layer([
    Logger.make((options) => {
      if (severities[levelOf(options.logLevel.toUpperCase())] < least) return
      try {
        writeSync(2, line(toEntry.log(options)))
      } catch {
        // The engine is as good without.
      }
    })
  ])

/** Whether what is for those who look for a fault is written. */
export const isDebugLogged = (): boolean => least <= severities.debug

/** Writes what is for those who look for a fault; the message is made only when it is wanted. */
export const logDebug = (message: () => string, about: About = {}): Effect.Effect<void> =>
  Effect.suspend(() =>
    isDebugLogged() ? Effect.annotateLogs(Effect.logDebug(message()), { ...about }) : Effect.void
  )
