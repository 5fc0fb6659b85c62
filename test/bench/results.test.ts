import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

interface Line { name: string }
interface Kept { lines: Line[], noise: number }
type Keep = (measured: Record<string, Line[]>, cores: number, noise: number, places: { kept: string, code: string[] }) => Kept
const { keep } = await import('./results.js' as string) as { keep: Keep }

t.test('Rows of several runs stand in one table for as long as the code of the server is the same', async t => {
  const directory = t.testdir({ 'index.js': 'one' })
  const places = { kept: join(directory, 'results.json'), code: [join(directory, 'index.js')] }
  const names = ({ lines }: Kept): string[] => lines.map(({ name }) => name)

  keep({ burst: [{ name: 'bursts' }] }, 2, 0.15, places)
  t.strictSame(names(keep({ candidate: [{ name: 'candidates' }] }, 2, 0.2, places)), ['candidates', 'bursts'], 'in the order of the table')
  t.strictSame(names(keep({ burst: [{ name: 'bursts again' }] }, 2, 0.15, places)), ['candidates', 'bursts again'], 'a row takes its own place')

  writeFileSync(join(directory, 'index.js'), 'two')
  t.strictSame(names(keep({ sdp: [{ name: 'descriptions' }] }, 2, 0.15, places)), ['descriptions'], 'rows of other code are thrown away')
  t.strictSame(names(keep({ burst: [{ name: 'bursts' }] }, 4, 0.15, places)), ['bursts'], 'and so are those of another machine')
})
