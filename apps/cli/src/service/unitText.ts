/** The files that describe a service to systemd and to launchd. Pure. */

/** What the service runs: the program, and the home that it serves. */
export interface ServiceSpec {
  /** What is run, the first word with an absolute path. */
  readonly command: ReadonlyArray<string>
  /** Its environment, beside what the service manager gives. */
  readonly environment: Readonly<Record<string, string>>
  readonly home: string
  /** Names the service among those of other homes. */
  readonly name: string
}

/** A quoted word. Source: systemd.syntax(7), "Quoting"; systemd.unit(5), "Specifiers". */
const quoted = (word: string): string =>
  `"${word
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("%", "%%")
    .replaceAll("\n", "\\n")}"`

/** One word of ExecStart, in which `$` begins a variable. Source: systemd.service(5), "Command lines". */
const systemdWord = (word: string): string => quoted(word.replaceAll("$", () => "$$"))

/** A user unit. `KillMode=process`: tasks are in the unit's control group, and must outlive the engine. */
export const systemdUnit = (spec: ServiceSpec): string => `[Unit]
Description=backbeat engine of ${spec.home.replaceAll("%", "%%").replaceAll("\n", " ")}

[Service]
Type=exec
${Object.entries(spec.environment)
  .map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`)
  .join("\n")}
ExecStart=${spec.command.map(systemdWord).join(" ")}
KillMode=process
Restart=on-failure
RestartSec=5

[Install]
WantedBy=default.target
`

const xmlText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const xmlStrings = (words: ReadonlyArray<string>): string =>
  words.map((word) => `    <string>${xmlText(word)}</string>`).join("\n")

/** A launch agent. `AbandonProcessGroup`: tasks must outlive the engine. Source: launchd.plist(5). */
export const launchdPlist = (spec: ServiceSpec): string => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${xmlText(spec.name)}</string>
  <key>ProgramArguments</key>
  <array>
${xmlStrings(spec.command)}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
${Object.entries(spec.environment)
  .map(([name, value]) => `    <key>${name}</key>\n    <string>${xmlText(value)}</string>`)
  .join("\n")}
  </dict>
  <key>StandardErrorPath</key>
  <string>${xmlText(spec.home)}/engine.log</string>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>AbandonProcessGroup</key>
  <true/>
</dict>
</plist>
`
