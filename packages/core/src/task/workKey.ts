/** The key of tasks that do the same work: the same kind, folder and text. */
import type { TaskSpec } from "./TaskSpec.ts"

/** FNV-1a, 32 bits, from a basis. Source: RFC 9923. */
const hash = (text: string, basis: number): string => {
  let value = basis
  for (let at = 0; at < text.length; at++)
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0
  return value.toString(16).padStart(8, "0")
}

const partsOf = ({ work }: TaskSpec): ReadonlyArray<string> => {
  switch (work.kind) {
    case "command":
      return [work.command, ...work.args]
    case "script":
      return [work.script]
    case "prompt":
      return [work.agent, work.prompt]
  }
}

/**
 * 16 hexadecimal characters: the same for the same kind, folder and text of work, whatever its
 * limits and its environment.
 */
export const workKey = (spec: TaskSpec): string => {
  const text = JSON.stringify([spec.work.kind, spec.cwd, ...partsOf(spec)])
  return hash(text, 0x811c9dc5) + hash(text, 0x01000193)
}
