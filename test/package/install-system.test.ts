import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { chmod, readFile, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { ROOT } from '../helpers/imports.js'

// .scripts/install-system.sh on machines that are made of a few stubs: nothing is installed here, whatever this machine lacks.

interface Machine {
  /** Commands that are there, and what each does as a line of shell. */
  commands: Record<string, string>
  /** Who runs the script. @default 0 */
  uid?: number
}

interface Outcome {
  code: number
  out: string
  err: string[]
  /** What was run, a line each. */
  ran: string[]
}

/** Where a command of this machine is. */
function find (name: string): string {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(directory, name), constants.X_OK)
      return join(directory, name)
    } catch {}
  }
  throw new Error(`There is no ${name} on the PATH.`)
}

async function run (t: Test, { commands, uid = 0 }: Machine): Promise<Outcome> {
  const path = t.testdir()
  const log = join(path, 'ran.log')
  await writeFile(log, '')
  for (const name of ['tail', 'mktemp', 'rm']) await symlink(find(name), join(path, name))
  const stubs: Record<string, string> = { id: `echo ${uid}`, ...commands }
  for (const [name, line] of Object.entries(stubs)) {
    const file = join(path, name)
    const noted = name === 'id' ? '' : `echo "${name} $*" >>'${log}'\n`
    await writeFile(file, `#!${find('bash')}\n${noted}${line}\n`)
    await chmod(file, 0o755)
  }
  return new Promise(resolve => {
    execFile(find('bash'), [join(ROOT, '.scripts/install-system.sh')], { env: { PATH: path, SBIN_PATH: path, TMPDIR: path } }, (error, out, err) => {
      void readFile(log, 'utf8').then(ran => resolve({
        code: error === null ? 0 : Number(error.code),
        out,
        err: err.split('\n').filter(line => line !== ''),
        ran: ran.split('\n').filter(line => line !== '')
      }))
    })
  })
}

const there = { chromium: '', 'chromium-headless-shell': '', 'firefox-esr': '', turnserver: '', 'redis-server': '', haproxy: '' }

t.test('Where nothing is missing nothing is said and nothing is run', async t => {
  t.same(await run(t, { commands: { ...there, 'apt-get': '' } }), { code: 0, out: '', err: [], ran: [] })
})

t.test('Without apt-get one line says what to install, and npm test goes no further', async t => {
  t.same(await run(t, { commands: {} }), {
    code: 1, out: '', ran: [], err: ['The tests need chromium chromium-headless-shell firefox-esr coturn redis-server haproxy: install them with your system\'s package manager and run npm test again.']
  })
})

t.test('Only what is missing is named', async t => {
  const { err } = await run(t, { commands: { chromium: '', 'chromium-headless-shell': '', 'firefox-esr': '', 'redis-server': '', haproxy: '' } })
  t.match(err, [/^The tests need coturn: /])
})

for (const [what, sudo] of [['no sudo', undefined], ['a sudo that wants a password', 'exit 1']] as const) {
  t.test(`Somebody other than root, with ${what}, is told the command in one line, and apt-get is not run`, async t => {
    const { code, out, err, ran } = await run(t, { uid: 1000, commands: { 'apt-get': '', ...sudo === undefined ? {} : { sudo } } })
    t.equal(code, 1)
    t.equal(out, '')
    t.same(err, ['The tests need chromium chromium-headless-shell firefox-esr coturn redis-server haproxy: run \'sudo apt-get install -y chromium chromium-headless-shell firefox-esr coturn redis-server haproxy\' and run npm test again.'])
    t.notOk(ran.some(line => line.startsWith('apt-get')))
    t.notOk(ran.some(line => line.startsWith('sudo') && !line.startsWith('sudo -n ')), 'and nobody is asked for a password')
  })
}

t.test('Root installs what is missing, says so first, and installs nothing else', async t => {
  t.same(await run(t, { commands: { 'chromium-headless-shell': '', 'firefox-esr': '', turnserver: '', 'redis-server': '', haproxy: '', 'apt-get': 'echo much' } }), {
    code: 0, out: 'Installing what the tests need from Debian: chromium\n', err: [], ran: ['apt-get update -qq', 'apt-get install -y -qq --no-install-recommends chromium']
  })
})

t.test('Somebody whose sudo asks no password installs by it', async t => {
  const { code, err, ran } = await run(t, { uid: 1000, commands: { 'apt-get': '', sudo: 'shift; "$@"' } })
  t.equal(code, 0)
  t.same(err, [])
  t.same(ran.filter(line => line.startsWith('apt-get')), ['apt-get update -qq', 'apt-get install -y -qq --no-install-recommends chromium chromium-headless-shell firefox-esr coturn redis-server haproxy'])
})

t.test('Where apt-get fails its own words are shown, and last what was to be installed', async t => {
  const { code, err } = await run(t, { commands: { 'apt-get': 'echo "E: no such thing as $*"; exit 100' } })
  t.equal(code, 1)
  t.same(err, ['E: no such thing as update -qq', 'The tests need chromium chromium-headless-shell firefox-esr coturn redis-server haproxy: \'apt-get install -y chromium chromium-headless-shell firefox-esr coturn redis-server haproxy\' failed, see above.'])
})
