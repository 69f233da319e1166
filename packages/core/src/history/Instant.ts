/**
 * Instants in the schemas of events. Answers show them in another form than a number, so they are
 * found by an annotation.
 */
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"

/** An instant in epoch milliseconds. */
export const Instant = Schema.Finite.annotate({ instant: true })

const isInstant = (ast: AST.AST): boolean =>
  AST.isUnion(ast)
    ? ast.types.some(isInstant)
    : (ast.checks ?? []).some(({ annotations }) => annotations?.["instant"] === true)

/** The names of all fields that are instants, at any depth. */
export const instantsIn = (schema: Schema.Top): ReadonlySet<string> => {
  const names = new Set<string>()
  const seen = new Set<AST.AST>()
  const walk = (ast: AST.AST): void => {
    if (seen.has(ast)) return
    seen.add(ast)
    if (AST.isUnion(ast)) for (const each of ast.types) walk(each)
    if (AST.isArrays(ast)) for (const each of [...ast.elements, ...ast.rest]) walk(each)
    if (!AST.isObjects(ast)) return
    for (const { name, type } of ast.propertySignatures) {
      if (isInstant(type)) names.add(String(name))
      walk(type)
    }
  }
  walk(schema.ast)
  return names
}

/** The literals of a field in all members of a union, such as the types of events. */
export const literalsOf = (schema: Schema.Top, field: string): ReadonlyArray<string> => {
  const walk = (ast: AST.AST): ReadonlyArray<string> => {
    if (AST.isUnion(ast)) return ast.types.flatMap(walk)
    if (!AST.isObjects(ast)) return []
    return ast.propertySignatures.flatMap(({ name, type }) =>
      name === field && AST.isLiteral(type) ? [String(type.literal)] : []
    )
  }
  return walk(schema.ast)
}
