// Draws the rows of CPU as bars: a group for each kind of work, a bar for each server.

const BARS = [
  ['ours, plain clients', '#0d7f6c', '#3fd0b5'],
  ['ours, resumable clients', '#62b5a6', '#2a8f7d'],
  ['by hand on Fastify', '#8a93a3', '#7d8696'],
  ['PeerJS', '#b3b9c4', '#626b7a'],
  ['socket.io', '#d3d7de', '#4a515d']
]
const WIDTH = 760
const LABELS = 250
const BAR = 12
const GAP = 16
const MOST = 3.5

/** An SVG picture; 1 on its scale is a bare `ws` relay. */
export function picture (lines, dark) {
  const [ink, faint, paper] = dark ? ['#e6e9ee', '#58606d', '#0d1117'] : ['#1f2530', '#b9c0ca', '#ffffff']
  const rows = lines.filter(({ name, unit, cells }) => unit === 'µs' && cells[BARS[0][0]] !== undefined && !/^p\d/.test(name))
  const bars = BARS.filter(([name]) => rows.some(({ cells }) => cells[name] !== undefined))
  const x = value => LABELS + Math.min(value, MOST) / MOST * (WIDTH - LABELS - 50)
  const parts = []
  let y = 40
  for (const { name, cells } of rows) {
    parts.push(text(LABELS - 12, y + bars.length * BAR / 2 + 4, name, ink, 'end'))
    for (const [server, light, night] of bars) {
      const median = cells[server]?.median
      if (median !== undefined) {
        parts.push(`<rect x="${LABELS}" y="${y}" width="${(x(median) - LABELS).toFixed(1)}" height="${BAR - 2}" fill="${dark ? night : light}"/>`)
        parts.push(text(x(median) + 5, y + BAR - 3, median.toFixed(2), ink, 'start', 9))
      }
      y += BAR
    }
    y += GAP
  }
  const one = x(1).toFixed(1)
  const scale = `<line x1="${one}" x2="${one}" y1="28" y2="${y - GAP + 4}" stroke="${faint}" stroke-dasharray="3 3"/>` + text(x(1), 22, 'a bare ws relay = 1', ink, 'middle', 11)
  let at = LABELS
  const legend = bars.map(([name, light, night]) => {
    const part = `<rect x="${at}" y="${y - 2}" width="10" height="10" fill="${dark ? night : light}"/>` + text(at + 14, y + 7, name, ink, 'start', 10)
    at += 26 + name.length * 5.4
    return part
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 20}" font-family="system-ui, sans-serif">` +
    `<rect width="${WIDTH}" height="${y + 20}" fill="${paper}"/>${scale}${parts.join('')}${legend.join('')}</svg>\n`
}

function text (x, y, words, fill, anchor, size = 12) {
  return `<text x="${x.toFixed(1)}" y="${y}" font-size="${size}" fill="${fill}" text-anchor="${anchor}">${words.replaceAll('&', '&amp;')}</text>`
}
