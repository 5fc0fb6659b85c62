import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import type { RoomEvents } from '../../lib/events.js'
import { RoomsApi } from '../../lib/api/rooms-api.js'
import { filesBelow } from '../helpers/imports.js'
import { pages } from '../helpers/readme-tables.js'

const fileOf = (page: string): URL => new URL(`../../${page}`, import.meta.url)

function between (name: string): RegExp {
  return new RegExp(`(<!-- table: ${name} -->\n)[\\s\\S]*?(<!-- end -->)`)
}

for (const [page, tables] of Object.entries(pages)) {
  let text = readFileSync(fileOf(page), 'utf8')
  if (process.env.UPDATE_README === '1') {
    for (const [name, render] of Object.entries(tables)) {
      text = text.replace(between(name), (_, head: string, tail: string) => `${head}${render()}\n${tail}`)
    }
    writeFileSync(fileOf(page), text)
  }
  for (const [name, render] of Object.entries(tables)) {
    t.test(`${page}: the table of ${name} says what the code does`, async t => {
      const [found] = between(name).exec(text) ?? []
      t.ok(found, `there is a table marked ${name}`)
      t.notMatch(render(), /\| *\|$/m, 'and says something of everything')
      t.equal(found?.split('\n').slice(1, -1).join('\n'), render())
    })
  }
}

const readme = readFileSync(fileOf('README.md'), 'utf8')

t.test('every page that the README and the guides link to is there', async t => {
  for (const page of ['README.md', ...filesBelow('example').filter(file => file.endsWith('README.md'))]) {
    const text = readFileSync(fileOf(page), 'utf8')
    for (const [, link = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
      t.ok(existsSync(new URL(link, fileOf(page))), `${page} links to ${link}`)
    }
  }
})

t.test('the README shows every member of fastify.rooms, and none that is not there', async t => {
  const section = /## `fastify\.rooms`\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? ''
  const shown = new Set([...section.matchAll(/^\| `(\w+)/gm)].map(match => match[1]))
  const members = Object.getOwnPropertyNames(RoomsApi.prototype).filter(name => name !== 'constructor')
  const events: Record<keyof RoomEvents, true> = {
    joined: true,
    left: true,
    started: true,
    absent: true,
    resumed: true,
    relayed: true,
    refused: true,
    connected: true,
    disconnected: true,
    upgradeRefused: true
  }
  t.same([...shown].sort(), [...members, ...Object.keys(events)].sort())
})

t.test('the README stays under 500 lines', async t => {
  t.ok(readme.split('\n').length < 500)
})

t.test('the commands of the first screen are scripts of package.json', async t => {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { scripts: Record<string, string> }
  const screen = readme.split('\n').slice(0, 40).join('\n')
  t.match(screen, /npm ci && npm start/)
  t.match(readme, /npm ci && npm test/)
  t.ok(scripts.start)
  t.ok(scripts.test)
})
