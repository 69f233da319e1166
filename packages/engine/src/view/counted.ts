/** Pages of a list: where the next begins, and how many there are. */
import { countMax } from "@backbeat/store/TaskStore"

/** The count of a page, exact up to a bound; `more` where it is higher. */
export const countOf = ({ total }: { readonly total: number }) =>
  total > countMax ? { total: countMax, more: true } : { total }

/** Whether a text can be the `next` of a page. */
export const isCursor = (text: string): boolean => /^\d{1,15}$/u.test(text)
