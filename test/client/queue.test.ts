import t from 'tap'
import { deferred } from '../../lib/client/base/deferred.js'
import { Queue } from '../../lib/client/base/queue.js'
import { promisesDone } from '../helpers/fakes/pending.js'

t.test('tasks run one after the other, in the order in which they came, and one that throws stops none', async t => {
  const faults: unknown[] = []
  const queue = new Queue(error => faults.push(error))
  const ran: string[] = []
  const gate = deferred<void>()
  const all = [
    queue.push(async () => {
      ran.push('a begins')
      await gate.promise
      ran.push('a ends')
    }),
    queue.push(() => { throw new Error('b') }),
    queue.push(() => { ran.push('c') })
  ]
  t.same(ran, ['a begins'], 'the first one at once')
  gate.resolve()
  await Promise.all(all)
  t.same(ran, ['a begins', 'a ends', 'c'])
  t.match(faults, [{ message: 'b' }])
})

t.test('clear forgets what waits, waits no longer for what runs, and leaves what comes afterwards in order', async t => {
  const faults: unknown[] = []
  const queue = new Queue(error => faults.push(error))
  const ran: string[] = []
  const [old, fresh] = [deferred<void>(), deferred<void>()]
  const cleared = [
    queue.push(async () => {
      await old.promise
      throw new Error('too late to matter')
    }),
    queue.push(() => { ran.push('forgotten') })
  ]
  queue.clear()
  await Promise.all(cleared)
  const after = [
    queue.push(async () => {
      await fresh.promise
      ran.push('first')
    }),
    queue.push(() => { ran.push('second') })
  ]
  old.resolve()
  await promisesDone()
  t.same(ran, [], 'the old task\'s end begins nothing of the new ones')
  fresh.resolve()
  await Promise.all(after)
  t.same(ran, ['first', 'second'])
  t.same(faults, [])
})
