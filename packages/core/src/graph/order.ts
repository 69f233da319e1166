/** Sorts tasks by their dependencies and finds cycles. A thin layer over effect's Graph. */
import * as Graph from "effect/Graph"
import * as Option from "effect/Option"

/** A task and the ids of its dependencies. Ids that are not among the nodes are ignored. */
export interface Node {
  readonly id: string
  readonly dependsOn: ReadonlyArray<string>
}

/**
 * `order` has each task that can run, after its dependencies. `cycles` has, for each task on a
 * cycle, the ids of that cycle; the first and the last id are the same.
 */
export interface Order {
  readonly order: ReadonlyArray<string>
  readonly cycles: ReadonlyMap<string, ReadonlyArray<string>>
}

type Dependents = Graph.Graph<string, null>

/** One edge from each task to each of its dependents. */
const graphOf = (nodes: ReadonlyArray<Node>): Dependents =>
  Graph.directed<string, null>((graph) => {
    const indices = new Map(nodes.map(({ id }) => [id, Graph.addNode(graph, id)]))
    for (const { id, dependsOn } of nodes) {
      const to = indices.get(id)
      for (const dependency of new Set(dependsOn)) {
        const from = indices.get(dependency)
        if (from !== undefined && to !== undefined) Graph.addEdge(graph, from, to, null)
      }
    }
  })

/** A cycle in a strongly connected component: each id depends on the next. */
const cycleIn = (graph: Dependents): ReadonlyArray<string> | null =>
  Option.match(Graph.findCycle(graph), {
    onNone: () => null,
    onSome: ({ path }) =>
      path.toReversed().flatMap((index) => Option.toArray(Graph.getNode(graph, index)))
  })

const cyclesOf = (nodes: ReadonlyArray<Node>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const graph = graphOf(nodes)
  const cycles = new Map<string, ReadonlyArray<string>>()
  if (Graph.isAcyclic(graph)) return cycles
  const byId = new Map(nodes.map((node) => [node.id, node]))
  for (const component of Graph.stronglyConnectedComponents(graph)) {
    const ids = component.flatMap((index) => Option.toArray(Graph.getNode(graph, index)))
    const cycle = cycleIn(graphOf(ids.flatMap((id) => byId.get(id) ?? [])))
    if (cycle !== null) for (const id of ids) cycles.set(id, cycle)
  }
  return cycles
}

/** Sorts tasks topologically. Takes time in proportion to the number of tasks and dependencies. */
export const order = (nodes: ReadonlyArray<Node>): Order => {
  const cycles = cyclesOf(nodes)
  const runnable = graphOf(cycles.size === 0 ? nodes : nodes.filter(({ id }) => !cycles.has(id)))
  return { order: [...Graph.values(Graph.topo(runnable))], cycles }
}
