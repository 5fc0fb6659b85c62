// Breaks the code in every way that StrykerJS knows, one at a time, and says which of them no test notices:
//   npm run mutate -- lib/rooms/seat-row.ts
//   npm run mutate -- "lib/client/base/*.ts" "test/client/{queue,adaptor}.test.ts"
// The first argument says what is broken, and the second one, which may be left out, which tests are to notice.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Stryker } from '@stryker-mutator/core'

/** What notices, by the first folder. The model of the rooms takes a minute a run: name it to have it, too. */
const TESTS = {
  rooms: 'test/rooms/!(room-model|rooms-api|clock).test.ts',
  client: 'test/client/!(negotiation|pace).test.ts',
  protocol: 'test/protocol/*.test.ts',
  config: 'test/config/*.test.ts',
  transport: 'test/transport/*.test.ts',
  turn: 'test/turn/turn-credentials.test.ts'
}

const [pattern, tests = TESTS[pattern?.split('/')[1]]] = process.argv.slice(2)
if (pattern === undefined || tests === undefined) {
  console.error('Say what to break, e.g. npm run mutate -- lib/rooms/seat-row.ts, and behind it the tests where it is in none of', Object.keys(TESTS).join(', '))
  process.exit(2)
}

// As .taprc has it: types are checked elsewhere.
process.env.TS_NODE_TRANSPILE_ONLY = '1'
process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
mkdirSync('.tap', { recursive: true })
await new Stryker({
  mutate: [pattern],
  testRunner: 'tap',
  plugins: [import.meta.resolve('@stryker-mutator/tap-runner')],
  // The loader of tap, without tap's own runner, which would start a process more for each file.
  tap: { testFiles: [tests], nodeArgs: ['--import', './.scripts/compile-tests.js', '-r', '{{hookFile}}', '{{testFile}}'] },
  // Which tests reach a mutant is measured first, and they alone are run against it.
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // A mutant that waits for ever is noticed by that.
  timeoutMS: 10_000,
  dryRunTimeoutMinutes: 10,
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { logTests: false, allowColor: false, reportTests: false },
  tempDirName: '.tap/mutate',
  ignorePatterns: ['/test/mutate', '/test/bench', '.tap'],
  disableTypeChecks: true,
  allowConsoleColors: false
}).runMutationTest()
