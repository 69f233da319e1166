/** How many there are beyond a page. */
import { countMax } from "@backbeat/store/TaskStore"

/** The count of a page, exact up to a bound; `more` where it is higher. */
export const countOf = ({ total }: { readonly total: number }) =>
  total > countMax ? { total: countMax, more: true } : { total }
