/** Expands the short forms in a payload of `start`. */
import type { StartInput } from "@backbeat/contract/operation/start"
import type { Probe } from "@backbeat/core/task/Probe"

/** The dependencies as a list; a single id is allowed. */
export const dependsOnOf = ({
  dependsOn = []
}: {
  readonly dependsOn?: StartInput["dependsOn"] | undefined
}) => (typeof dependsOn === "string" ? [dependsOn] : dependsOn)

/** The probe for a URL or a port. */
export const probeOf = (given: NonNullable<StartInput["readyWhen"]>): Probe => {
  if (typeof given === "string") return { http: given }
  if (!("port" in given)) return given
  const { port, ...timing } = given
  return { tcp: { port }, ...timing }
}
