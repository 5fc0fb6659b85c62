// Compiles each file of TypeScript as Node loads it: `node --import ./.scripts/compile-tests.js file.ts`. A test starts in half of the
// processor's time that tap's own plugin takes, which loads the compiler of TypeScript in each process.
import { register } from 'node:module'

register('./compile-tests-hooks.js', import.meta.url)
