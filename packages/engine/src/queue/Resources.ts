/** The free resources of the machine and of its control group. Sampled on demand. */
import type { Resources as Sample } from "@backbeat/core/queue/admit"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { findGroups, type Groups, type Mounts } from "./cgroup.ts"
import { makeCpuMeter } from "./CpuMeter.ts"
import { type Machine, openMachine } from "./machine.ts"

/** Samples the resources. Cheap enough for a commit: it reads a few small files of the kernel. */
export class Resources extends Context.Service<
  Resources,
  { readonly sample: Effect.Effect<Sample> }
>()("@backbeat/engine/Resources") {}

const leastOf = (one: number | undefined, two: number | undefined): number | null =>
  one === undefined || two === undefined ? (one ?? two ?? null) : Math.min(one, two)

const sampleMemory = (machine: Machine, groups: Groups) => {
  const [whole, group] = [machine.memory(), groups.memory()]
  return {
    availableBytes: leastOf(whole?.availableBytes, group?.availableBytes),
    totalBytes: leastOf(whole?.totalBytes, group?.limitBytes)
  }
}

const monotonicMs = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

const noGroups: Groups = { cpu: () => null, memory: () => null }

/** The resources according to the kernel's files. CPU use is measured from now on. */
export const layerResourcesOf = (mounts: Mounts) =>
  Layer.effect(
    Resources,
    Effect.gen(function* () {
      const machine = openMachine(mounts.proc)
      const groups = process.platform === "linux" ? findGroups(mounts) : noGroups
      const useAt = makeCpuMeter(
        () => ({ machine: machine.cpu(), group: groups.cpu() }),
        yield* monotonicMs
      )
      return Resources.of({
        sample: Effect.map(monotonicMs, (now) => {
          const { percent, isMeasuring } = useAt(now)
          return { cpuPercent: percent, isMeasuring, ...sampleMemory(machine, groups) }
        })
      })
    })
  )

/** The resources of this machine. */
export const layerResources = layerResourcesOf({ proc: "/proc", cgroup: "/sys/fs/cgroup" })
