/** The operations that keep an engine running for a user: `service install|uninstall|status` and `serve`. The program does them itself. */
import * as Schema from "effect/Schema"
import { about, NoFields, optional } from "../fields.ts"
import { operation } from "../Operation.ts"

/** The service managers that are known. */
export const ServiceManager = Schema.Literals(["systemd", "launchd"])
export type ServiceManager = typeof ServiceManager.Type

const manager = about(ServiceManager, "what starts the service")
const path = about(Schema.String, "the file that describes the service")
const linger = about(
  Schema.NullOr(Schema.Boolean),
  "whether the service also runs while the user is logged out; null if that is unknown"
)

/** Writes and enables the service. */
export const serviceInstall = operation({
  name: "service install",
  engine: "here",
  summary: "Keep an engine of this home running, also after a reboot.",
  input: Schema.Struct({
    print: optional(Schema.Boolean, "only show what would be written (default false)")
  }),
  output: Schema.Struct({
    manager,
    path,
    text: about(Schema.String, "the content of the file"),
    installed: about(Schema.Boolean, "whether the file was written and the service enabled"),
    active: about(Schema.Boolean, "whether the service runs"),
    linger,
    warnings: Schema.optionalKey(Schema.Array(Schema.String))
  }),
  errors: ["CommandInputError", "ServiceUnavailable"],
  examples: [{ title: "what would be written", payload: { print: true } }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: null
})

/** Stops, disables and removes the service. */
export const serviceUninstall = operation({
  name: "service uninstall",
  engine: "here",
  summary: "Stop and remove the service of this home. Its tasks go on.",
  input: NoFields,
  output: Schema.Struct({
    manager,
    path,
    removed: about(Schema.Boolean, "false if there was no service")
  }),
  errors: ["CommandInputError", "ServiceUnavailable"],
  examples: [{ title: "remove the service", payload: {} }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: null
})

/** Tells what is installed. */
export const serviceStatus = operation({
  name: "service status",
  engine: "here",
  summary: "Show whether this home has a service, and whether it runs.",
  input: NoFields,
  output: Schema.Struct({
    manager: about(
      Schema.NullOr(ServiceManager),
      "what starts the service; null if this system has no known service manager"
    ),
    path: Schema.NullOr(Schema.String),
    installed: Schema.Boolean,
    current: about(
      Schema.Boolean,
      "whether the file is what service install would write now; false after an update moved the binary"
    ),
    active: Schema.Boolean,
    linger
  }),
  errors: ["CommandInputError"],
  examples: [{ title: "is there a service", payload: {} }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null
})

/** Is the engine of the home, in the foreground. */
export const serve = operation({
  name: "serve",
  engine: "here",
  summary:
    "Run the engine in the foreground until it is stopped. It does not exit when idle. An engine that runs already hands over its tasks.",
  input: NoFields,
  output: Schema.Struct({ home: Schema.String }),
  errors: ["CommandInputError", "EngineUnreachable", "StoreError"],
  examples: [{ title: "run the engine", payload: {} }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: null
})
