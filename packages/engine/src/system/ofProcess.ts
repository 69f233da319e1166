/** What a module remembers as long as its process lives. The simulator ends and begins many engines in one process. */

let life = {}

/** Makes a value when it is first asked for in a life, and gives the same until that ends. */
export const ofProcess = <A>(make: () => A): (() => A) => {
  let known: { readonly life: object; readonly value: A } | null = null
  return () => {
    if (known?.life !== life) known = { life, value: make() }
    return known.value
  }
}

/** Ends the life: everything is made again. */
export const beginLife = (): void => {
  life = {}
}
