import t from 'tap'

interface Result { work: string, line: number, ratio?: number, outcome: 'fine' | 'gross' | 'unknown' }
const { measureShort } = await import('./short.js' as string) as { measureShort: () => Promise<Result[]> }

t.test('No message or call costs twice its line, in windows in which the machine was quiet', async t => {
  for (const { work, line, ratio, outcome } of await measureShort()) {
    if (outcome === 'unknown') t.pass(`${work}: others were at work, and nothing can be said`)
    else t.equal(outcome, 'fine', `${work}: ${ratio?.toFixed(2)} of a bare ws relay; its line is ${line}`)
  }
})
