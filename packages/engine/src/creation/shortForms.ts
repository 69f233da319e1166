/** The short forms of a payload of `start`, as what they stand for. */
import type { StartInput } from "@backbeat/contract/operation/start"
import type { Probe } from "@backbeat/core/task/Probe"

/** What `dependsOn` names: one id may stand without its list. */
export const dependsOnOf = ({
  dependsOn = []
}: {
  readonly dependsOn?: StartInput["dependsOn"] | undefined
}) => (typeof dependsOn === "string" ? [dependsOn] : dependsOn)

/** The probe that a URL or a port stands for. */
export const probeOf = (given: NonNullable<StartInput["readyWhen"]>): Probe => {
  if (typeof given === "string") return { http: given }
  if (!("port" in given)) return given
  const { port, ...timing } = given
  return { tcp: { port }, ...timing }
}
