// Turns what was measured into ratios to the yardstick, each of two windows of one round, with their spread.
import { quantile } from './quantile.js'

/**
 * One line of the table as plain data: for each server the median, the least and the most of its ratios to the yardstick, or, where the
 * figure means something by itself, of its values.
 */
export function summarise ({ values, absolute = false, ...result }, yardstick) {
  const cells = {}
  for (const [name, own] of Object.entries(values)) {
    const figures = absolute || name === yardstick ? own : own.map((value, round) => value / values[yardstick][round])
    cells[name] = { median: quantile(figures, 0.5), least: Math.min(...figures), most: Math.max(...figures) }
  }
  return { ...result, absolute, cells, rounds: values[yardstick].length }
}

/** What `npm run bench` prints: every server, with the spread and what shows that the server was the limit. */
export function table (lines, names) {
  const head = ['work', ...names, 'line', 'server busy', 'load busy', 'thrown away', 'disturbed']
  const body = lines.map(({ name, unit, absolute, cells, line, serverBusy, loadBusy, thrownAway, disturbed }) => [
    name,
    ...names.map((server, index) => cell(cells[server], absolute ? unit : undefined, index === 0 && !absolute ? unit : undefined)),
    line === undefined ? '' : String(line),
    percent(serverBusy),
    percent(loadBusy),
    String(thrownAway),
    String(disturbed)
  ])
  return markdown(head, body)
}

export function markdown (head, body) {
  return [head, head.map(() => '---'), ...body].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function cell (own, absoluteUnit, yardstickUnit) {
  if (own === undefined) return '–'
  const { median, least, most } = own
  if (yardstickUnit !== undefined) return `1.00 (${median.toFixed(1)} ${yardstickUnit})`
  const digits = absoluteUnit === 'ms' ? 0 : 2
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})${absoluteUnit === 'ms' ? ' ms' : ''}`
}

function percent (part) {
  return part === undefined ? '' : `${Math.round(100 * part)} %`
}
