/**
 * Module state that lasts as long as its process. The simulator starts and ends many engines in one
 * process.
 */

let life = {}

/** Returns a value that is created on first use and kept until the life ends. */
export const ofProcess = <A>(make: () => A): (() => A) => {
  let known: { readonly life: object; readonly value: A } | null = null
  return () => {
    if (known?.life !== life) known = { life, value: make() }
    return known.value
  }
}

/** Ends the life: all values are created again. */
export const beginLife = (): void => {
  life = {}
}
