import { describe, expect, test } from "bun:test"
import { type Node, order } from "@backbeat/core/graph/order"
import * as fc from "fast-check"

const node = (id: string, ...dependsOn: ReadonlyArray<string>): Node => ({ id, dependsOn })

/** Nodes that depend only on earlier ones, in a shuffled order. */
const acyclic: fc.Arbitrary<ReadonlyArray<Node>> = fc
  .array(fc.array(fc.nat(1000), { maxLength: 4 }), { maxLength: 40 })
  .map((all) =>
    all.map((picks, index) =>
      node(`n${index}`, ...(index === 0 ? [] : picks.map((pick) => `n${pick % index}`)))
    )
  )
  .chain((nodes) => fc.shuffledSubarray(nodes, { minLength: nodes.length }))

const anything: fc.Arbitrary<ReadonlyArray<Node>> = fc
  .array(fc.array(fc.nat(9), { maxLength: 3 }), { maxLength: 10 })
  .map((all) => all.map((picks, index) => node(`n${index}`, ...picks.map((pick) => `n${pick}`))))

describe("the order of tasks", () => {
  test("puts each task after its dependencies, whatever the order of the input", () => {
    expect(order([node("deploy", "test"), node("test", "build"), node("build")])).toEqual({
      order: ["build", "test", "deploy"],
      cycles: new Map()
    })
  })

  test("has each task once, dependencies first, for every graph without a cycle", () => {
    fc.assert(
      fc.property(acyclic, (nodes) => {
        const ordered = order(nodes)
        const place = new Map(ordered.order.map((id, index) => [id, index]))
        expect(ordered.cycles.size).toBe(0)
        expect([...ordered.order].toSorted()).toEqual(nodes.map(({ id }) => id).toSorted())
        for (const { id, dependsOn } of nodes) {
          for (const each of dependsOn)
            expect(place.get(each) ?? -1).toBeLessThan(place.get(id) ?? -1)
        }
      })
    )
  })

  test("ignores dependencies outside the graph, and one that is named twice", () => {
    expect(order([node("a", "elsewhere"), node("b", "a", "a")]).order).toEqual(["a", "b"])
  })

  test("leaves out tasks on a cycle, and names the cycle: each depends on the next", () => {
    const { order: ids, cycles } = order([
      node("a", "c"),
      node("b", "a"),
      node("c", "b"),
      node("free")
    ])
    expect(ids).toEqual(["free"])
    expect([...cycles.keys()].toSorted()).toEqual(["a", "b", "c"])
    const cycle = cycles.get("a") ?? []
    expect(cycle[0]).toBe(cycle.at(-1) ?? "")
    const waits = new Map([
      ["a", "c"],
      ["b", "a"],
      ["c", "b"]
    ])
    cycle.slice(1).forEach((id, index) => expect(waits.get(cycle[index] ?? "")).toBe(id))
  })

  test("leaves out a task that depends on itself, but not its dependents", () => {
    const { order: ids, cycles } = order([node("self", "self"), node("next", "self")])
    expect(ids).toEqual(["next"])
    expect(cycles.get("self")).toEqual(["self", "self"])
  })

  test("has every task either in the order or on a cycle through itself", () => {
    fc.assert(
      fc.property(anything, (nodes) => {
        const { order: ids, cycles } = order(nodes)
        expect([...ids, ...cycles.keys()].toSorted()).toEqual(nodes.map(({ id }) => id).toSorted())
        const byId = new Map(nodes.map((each) => [each.id, each.dependsOn]))
        const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
          (byId.get(from) ?? []).some(
            (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next)))
          )
        for (const { id } of nodes) expect(cycles.has(id)).toBe(reaches(id, id))
      })
    )
  })
})
