// Turns samples into ratios to the yardstick, each of two windows of one round, with their spread.
import { quantile } from './measure.js'

/** A table in Markdown: a row for each kind of work, a column for each server. */
export function table (results, contestants) {
  const [yardstick] = contestants
  const head = ['work', ...contestants.map(({ name }) => name), 'server busy', 'thrown away']
  const body = results.map(({ row, samples, thrownAway, value }) => [
    row.name,
    ...contestants.map(({ name }) => cell(samples.get(name), samples.get(yardstick.name), value, name === yardstick.name)),
    busy([...samples.values()].flat()),
    String(thrownAway)
  ])
  return [head, head.map(() => '---'), ...body].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function cell (own, yardstick, value, isYardstick) {
  if (isYardstick) return `1.00 (${format(quantile(own.map(value), 0.5))})`
  const ratios = own.map((sample, index) => value(sample) / value(yardstick[index]))
  return `${quantile(ratios, 0.5).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`
}

function format (number) {
  return number > 1_000 ? `${(number / 1024).toFixed(1)} KiB` : `${number.toFixed(1)} µs`
}

/** How much of its core the least busy server used: close to 100 % shows that the load was not the limit. */
function busy (samples) {
  const parts = samples.filter(({ wall }) => wall !== undefined).map(({ server, wall }) => server / wall)
  return parts.length === 0 ? '' : `${Math.round(100 * Math.min(...parts))} %`
}
