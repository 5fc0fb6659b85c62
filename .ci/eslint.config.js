import neostandard from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: ['**/dist/**', '**/node_modules/**', '**/.tap/**'] }),
  // `void promise` says that nobody waits for it on purpose.
  { rules: { 'no-void': ['error', { allowAsStatement: true }] } }
]
