/** Answers what only reads the table. */
import {
  capabilities,
  examplesList,
  examplesShow,
  schemaList,
  schemaShow
} from "@backbeat/contract/discovery"
import * as operations from "@backbeat/contract/operation/discover"
import * as Effect from "effect/Effect"
import { Home } from "../home/Home.ts"
import { type Handled, handle } from "../call/Call.ts"

/** The handlers of what only reads the table. */
export const makeDiscoveryHandlers = Effect.map(Home, ({ version }): ReadonlyArray<Handled> => [
  handle(operations.capabilities, () => Effect.succeed(capabilities(version))),
  handle(operations.schemaList, () => Effect.succeed(schemaList())),
  handle(operations.schemaShow, (input) => Effect.fromResult(schemaShow(input))),
  handle(operations.examplesList, () => Effect.succeed(examplesList())),
  handle(operations.examplesShow, (input) => Effect.fromResult(examplesShow(input)))
])
