import neostandard from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: ['**/dist/**', '**/node_modules/**', '**/.tap/**'] }),
  // `void promise` says that nobody waits for it on purpose.
  { rules: { 'no-void': ['error', { allowAsStatement: true }] } },
  // A line that is mostly one sentence or one address cannot be broken well.
  { rules: { '@stylistic/max-len': ['error', { code: 160, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreUrls: true, ignoreRegExpLiterals: true }] } }
]
