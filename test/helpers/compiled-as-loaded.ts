/** What Node is told to run a program in TypeScript in a process of its own (`.taprc` tells it the same). */
export const COMPILED_AS_LOADED = ['--enable-source-maps', `--import=${new URL('../../.scripts/compile-tests.js', import.meta.url).href}`]
