import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { Heap } from "../../src/alarm/Heap.ts"

test("a heap returns its entries in the order in which they are due, whatever was added and removed", () => {
  const steps = fc.array(fc.option(fc.nat(50)), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (all) => {
      const heap = new Heap<{ readonly due: number }>()
      const model: Array<number> = []
      for (const step of all) {
        if (step === null) {
          const least = model.toSorted((one, two) => one - two)[0]
          expect(heap.first()?.due).toBe(least)
          expect(heap.removeFirst()?.due).toBe(least)
          if (least !== undefined) model.splice(model.indexOf(least), 1)
        } else {
          heap.add({ due: step })
          model.push(step)
        }
        expect(heap.size).toBe(model.length)
      }
      heap.keep(({ due }) => due % 2 === 0)
      const rest: Array<number> = []
      for (let next = heap.removeFirst(); next !== undefined; next = heap.removeFirst())
        rest.push(next.due)
      expect(rest).toEqual(model.filter((due) => due % 2 === 0).toSorted((one, two) => one - two))
    })
  )
})
