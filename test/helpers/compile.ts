import { dirname } from 'node:path'
import ts from 'typescript'

/**
 * What TypeScript has to say about some files, one line each: nothing where all of them compile and every
 * `@ts-expect-error` in them was needed.
 */
export function complaints (files: string[], tsconfig: string, more: ts.CompilerOptions = {}): string[] {
  const { config, error } = ts.readConfigFile(tsconfig, ts.sys.readFile)
  if (error !== undefined) return [ts.flattenDiagnosticMessageText(error.messageText, '\n')]
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(tsconfig))
  const program = ts.createProgram(files, { ...options, ...more, noEmit: true })
  return files.flatMap(file => {
    const source = program.getSourceFile(file)
    if (source === undefined) return [`${file} is not there`]
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(({ start = 0, messageText }) => {
      const { line } = source.getLineAndCharacterOfPosition(start)
      return `${file}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
  })
}
