/** The cursors and counts of the pages of a list. */
import { countMax } from "@backbeat/store/TaskStore"

/** The total of a list, exact up to a limit; above it `more` is set. */
export const totalOf = ({ total }: { readonly total: number }) =>
  total > countMax ? { total: countMax, more: true } : { total }

/** Whether a text can be a cursor, the `next` of a page. */
export const isCursor = (text: string): boolean => /^\d{1,15}$/u.test(text)
