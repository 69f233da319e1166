/**
 * The words of other tools, and the words of the table that they mean. Only words that are not
 * similar.
 */
import type { OperationName, OwnFlagName } from "../names.ts"

const operationWords: Readonly<Record<string, OperationName>> = {
  run: "start",
  exec: "start",
  spawn: "start",
  launch: "start",
  submit: "start",
  delegate: "start",
  bg: "start",
  kill: "stop",
  cancel: "stop",
  terminate: "stop",
  abort: "stop",
  end: "stop",
  ps: "list",
  ls: "list",
  jobs: "list",
  tasks: "list",
  log: "logs",
  tail: "logs",
  output: "logs",
  cat: "logs",
  rm: "prune",
  remove: "prune",
  delete: "prune",
  clean: "prune",
  cleanup: "prune",
  gc: "prune",
  show: "status",
  get: "status",
  info: "status",
  describe: "status",
  inspect: "status",
  await: "wait",
  join: "wait",
  rerun: "restart",
  explain: "why",
  write: "send",
  input: "send",
  check: "doctor",
  pipe: "pipeline create",
  chain: "pipeline create"
}

/** The operation for another tool's name; null if there is none. */
export const operationMeantBy = (word: string): OperationName | null =>
  Object.hasOwn(operationWords, word) ? (operationWords[word] ?? null) : null

/** The fields that a word may mean; the first one that exists at its place is used. */
const fieldWords: Readonly<Record<string, ReadonlyArray<string>>> = {
  cmd: ["command"],
  exec: ["command"],
  program: ["command"],
  run: ["script", "command"],
  shell: ["script"],
  bash: ["script"],
  sh: ["script"],
  argv: ["args"],
  arguments: ["args"],
  task: ["id", "prompt"],
  id: ["key"],
  taskId: ["id"],
  task_id: ["id"],
  job: ["id"],
  jobId: ["id"],
  label: ["name", "tag", "tags"],
  labels: ["tags"],
  tag: ["tags"],
  dir: ["cwd"],
  workdir: ["cwd"],
  directory: ["cwd"],
  workingDirectory: ["cwd"],
  environment: ["env"],
  envVars: ["env"],
  retry: ["restart"],
  retries: ["restart", "maxAttempts"],
  max: ["maxAttempts", "lines", "limit"],
  attempts: ["maxAttempts", "restart"],
  timeoutMs: ["timeout"],
  timeoutSeconds: ["timeout"],
  time_limit: ["timeout"],
  deps: ["dependsOn"],
  dependencies: ["dependsOn"],
  needs: ["dependsOn"],
  after: ["dependsOn", "since"],
  depends: ["dependsOn"],
  delay: ["delayMs"],
  step: ["steps"],
  ready: ["readyWhen"],
  waitFor: ["readyWhen", "for"],
  health: ["healthProbe"],
  regex: ["log", "grep"],
  url: ["http"],
  tail: ["lines"],
  n: ["lines", "limit"],
  count: ["lines", "limit"],
  limit: ["lines"],
  head: ["lines"],
  filter: ["grep"],
  pattern: ["grep", "log"],
  search: ["grep"],
  match: ["grep", "log"],
  message: ["text", "reason", "additionalContext"],
  input: ["stdin", "text"],
  data: ["text"],
  instructions: ["additionalContext", "prompt"],
  state: ["status"],
  days: ["olderThanDays"],
  kill: ["force"],
  limitConcurrent: ["concurrency"]
}

/** The known field for another tool's name; null if there is none. */
export const fieldMeantBy = (word: string, known: ReadonlyArray<string>): string | null =>
  (Object.hasOwn(fieldWords, word) ? fieldWords[word] : undefined)?.find((field) =>
    known.includes(field)
  ) ?? null

/** The flags for fields of other tools; `--wait` is not a field here. */
const flagWords: Readonly<Record<string, OwnFlagName>> = {
  wait: "wait",
  follow: "follow",
  stream: "stream",
  concurrency: "concurrency",
  parallel: "concurrency"
}

/** The flag that a field means; null if there is none. */
export const flagMeantBy = (word: string, known: ReadonlyArray<string>): OwnFlagName | null => {
  const flag = Object.hasOwn(flagWords, word) ? flagWords[word] : undefined
  return flag !== undefined && known.includes(flag) ? flag : null
}

/** What a later version will have. */
const coming: Readonly<Record<string, string>> = {
  "--cron": "Schedules come in a later version.",
  "--until": "Loops come in a later version.",
  "--eval": "Loops come in a later version.",
  schedule: "Schedules come in a later version.",
  loop: "Loops come in a later version."
}

/** The sentence about a feature of a later version; null for anything else. */
export const comingWith = (word: string): string | null =>
  Object.hasOwn(coming, word) ? (coming[word] ?? null) : null
