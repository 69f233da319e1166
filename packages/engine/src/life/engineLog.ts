/**
 * The log of an engine: one JSON object per line, or plain lines on a terminal. It never contains
 * the output or environment of a task.
 */
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { writeSync } from "node:fs"
import type { Configuration } from "../configuration/configuration.ts"

type Level = Configuration["logLevel"]

/** The task and call of an entry, if known. */
export interface About {
  readonly task?: string
  readonly operation?: string
  readonly request?: string
}

const severities: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

// One engine per process: it has one log.
let minimum = severities.info

/** Sets the level of the log. */
export const logFrom = (level: Level): void => {
  minimum = severities[level]
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

/** A log entry. */
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

/**
 * Writes entries to stderr, which is `engine.log` or the terminal. Ignores write errors, for
 * example on a full disk.
 */
export const layerEngineLog = (line: (entry: Entry) => string) =>
  Logger.layer([
    Logger.make((options) => {
      if (severities[levelOf(options.logLevel.toUpperCase())] < minimum) return
      try {
        writeSync(2, line(toEntry.log(options)))
      } catch {
        // The engine works without its log.
      }
    })
  ])

/** Whether debug entries are written. */
export const isDebugLogged = (): boolean => minimum <= severities.debug

/** Writes a debug entry. The message is only built if it is written. */
export const logDebug = (message: () => string, about: About = {}): Effect.Effect<void> =>
  Effect.suspend(() =>
    isDebugLogged() ? Effect.annotateLogs(Effect.logDebug(message()), { ...about }) : Effect.void
  )
