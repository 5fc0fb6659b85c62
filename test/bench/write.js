// Writes what was measured into the README, as a table and as a picture for light and dark pages.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { picture } from './picture.js'

const file = name => fileURLToPath(new URL(name, import.meta.url))
/** Which part of a core other programs may take in a window without being told of. */
const NOISE = 0.15
/** The columns of the README; the rest is in what the benchmark prints. */
const SHOWN = ['bare ws', 'ws + JSON.parse', 'by hand on Fastify', 'PeerJS', 'socket.io', 'ours, plain clients', 'ours, resumable clients']

/** @param kept what `keep` returns */
export function writeOut (kept) {
  const { lines } = kept
  const readme = file('../../README.md')
  const text = readFileSync(readme, 'utf8')
  const written = `<!-- bench -->\n${section(kept)}\n<!-- end -->`
  const between = /<!-- bench -->\n[\s\S]*?<!-- end -->/
  writeFileSync(readme, between.test(text) ? text.replace(between, () => written) : text.replace(/^## Security$/m, () => `## What it costs\n\n${written}\n\n## Security`))
  for (const [name, dark] of [['light', false], ['dark', true]]) writeFileSync(file(`result-${name}.svg`), picture(lines, dark))
}

function section ({ lines, setting, dates }) {
  const names = SHOWN.filter(name => lines.some(({ cells }) => cells[name] !== undefined))
  // The slowest of a hundred and of a thousand say more of the machine than of a server.
  const shown = lines.filter(({ name }) => !name.startsWith('p99'))
  const table = html(['', ...names.map(name => name.replace(/^ours/, '<b>ours</b>')), 'our line'], shown.map(({ name, unit, cells, line, absolute }) => [
    name, ...names.map(server => cell(cells[server], server === names[0], server.startsWith('ours'), unit, absolute)), line === undefined ? '' : `${line}${unit === 'ms' ? ' ms' : ''}`
  ]))
  const versions = ['peer', 'socket.io', 'ws'].map(name => `${name} ${setting.versions[name]}`).join(', ')
  const rounds = Math.min(...lines.map(({ rounds }) => rounds))
  const windows = shown.flatMap(({ noises = {} }) => Object.values(noises).flat())
  const disturbed = windows.filter(noise => !(noise <= NOISE)).length
  return [
    '<p><picture><source media="(prefers-color-scheme: dark)" srcset="test/bench/result-dark.svg">' +
    '<img alt="What a server costs for each message or call, a bare ws relay being 1" src="test/bench/result-light.svg"></picture></p>',
    table,
    `<p>Medians of ${rounds} rounds in turn, as multiples of a bare <code>ws</code> relay that checks nothing (for ours with the least and the most), on ${dates.join(' and ')}: Node ${setting.node}, ` +
    `${setting.cores} cores, ${versions}.${disturbed === 0 ? '' : ` In ${disturbed} of ${windows.length} windows other programs took more than ${NOISE} of a core.`} CPU is that of the server's process. How it is measured is in <code>test/bench/README.md</code>; <code>npm run bench</code> repeats it.</p>`
  ].join('')
}

/** In one line, since the README has a bound on its lines that no generated part may use up. */
function html (head, body) {
  const row = (cells, tag) => `<tr>${cells.map(cell => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
  return `<table>${row(head, 'th')}${body.map(cells => row(cells, 'td')).join('')}</table>`
}

function cell (own, isYardstick, isOurs, unit, absolute) {
  if (own === undefined) return '–'
  if (isYardstick && !absolute) return `1 (${own.median.toFixed(1)} ${unit})`
  return unit === 'ms' ? `${own.median.toFixed(0)} ms` : own.median.toFixed(2) + (isOurs ? ` (${own.least.toFixed(2)}–${own.most.toFixed(2)})` : '')
}
