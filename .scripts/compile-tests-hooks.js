import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { transform } from 'sucrase'

/** TypeScript imports `part.ts` by the name that it has once it is compiled, `part.js`. Tap's mocks add a query to it. */
export async function resolve (specifier, context, next) {
  try {
    return await next(specifier, context)
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !/^(?:\.|file:)[^?]*\.js(?:\?|$)/.test(specifier)) throw error
    return next(specifier.replace(/\.js(?=\?|$)/, '.ts'), context)
  }
}

/**
 * Sucrase takes the types away and leaves each line where it is. The source map is for whoever counts in bytes, as the coverage does.
 * `await using` is left as it is, which Node 20 does not know.
 */
export async function load (url, context, next) {
  if (!/^file:[^?]*\.ts(?:\?|$)/.test(url)) return next(url, context)
  const filePath = fileURLToPath(url)
  const { code, sourceMap } = transform(await readFile(filePath, 'utf8'), {
    transforms: ['typescript'],
    disableESTransforms: true,
    filePath,
    sourceMapOptions: { compiledFilename: filePath }
  })
  const map = Buffer.from(JSON.stringify(sourceMap)).toString('base64')
  return { format: 'module', source: `${code}\n//# sourceMappingURL=data:application/json;base64,${map}`, shortCircuit: true }
}
