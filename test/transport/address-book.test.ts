import t from 'tap'
import fc from 'fast-check'
import { AddressBook, addressKey } from '../../lib/transport/limits/address-book.js'

const times = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index))

t.test('An address holds as many connections as it may, and gets one more for each that it ends', async t => {
  const book = new AddressBook({ joinsPerMinute: 1, connections: 2 })
  t.same(times(3, () => book.connect('a', 0)), [true, true, false])
  t.equal(book.connect('b', 0), true, 'another address is not concerned')
  book.disconnect('a')
  t.same(times(2, () => book.connect('a', 0)), [true, false])
})

t.test('An address joins as often as it may in the minute that begins with its first join', async t => {
  const book = new AddressBook({ joinsPerMinute: 2, connections: 1 })
  t.equal(book.connect('a', 0), true)
  t.equal(book.join('a', 30_000), true)
  t.equal(book.join('a', 89_999), true)
  t.equal(book.join('a', 89_999), false)
  t.equal(book.join('b', 89_999), true, 'another address is not concerned')
  t.equal(book.join('a', 90_000), true)
})

t.test('To go and come back does not win another minute of joins', async t => {
  const book = new AddressBook({ joinsPerMinute: 1, connections: 1 })
  book.connect('a', 0)
  book.join('a', 55_000)
  for (const now of [55_000, 61_000, 100_000, 114_999]) {
    book.disconnect('a')
    book.connect('a', now)
    t.equal(book.join('a', now), false, `at ${now} ms`)
  }
  t.equal(book.join('a', 115_000), true)
})

t.test('A disconnect too many frees nothing', async t => {
  const book = new AddressBook({ joinsPerMinute: 1, connections: 1 })
  book.disconnect('a')
  book.connect('a', 0)
  book.disconnect('a')
  book.disconnect('a')
  t.same(times(2, () => book.connect('a', 0)), [true, false])
})

t.test('An address that never joined is forgotten as it disconnects, one that joined when it has been quiet', async t => {
  const book = new AddressBook({ joinsPerMinute: 5, connections: 5 })
  book.connect('silent', 0)
  book.disconnect('silent')
  t.equal(book.size, 0)
  book.connect('a', 0)
  book.join('a', 0)
  book.disconnect('a')
  t.equal(book.size, 1)
  book.sweep(59_999)
  t.equal(book.size, 1)
  book.sweep(120_000)
  t.equal(book.size, 0)
})

t.test('A minute lasts a minute, whenever it began and however often the book is swept', async t => {
  for (const start of [0, 1, 20_000, 29_999, 30_001, 45_000, 59_999, 60_000, 90_000]) {
    const book = new AddressBook({ joinsPerMinute: 1, connections: 1 })
    book.sweep(0)
    t.equal(book.join('a', start), true)
    let early = 0
    for (let now = start; now < start + 60_000; now += 500) {
      book.sweep(now)
      if (book.join('a', now)) early++
    }
    t.equal(early, 0, `begun at ${start} ms`)
    t.equal(book.join('a', start + 60_000), true)
  }
})

t.test('Those who come make the book forget those who went, without a sweep', async t => {
  for (const use of ['connect', 'join'] as const) {
    const book = new AddressBook({ joinsPerMinute: 1, connections: 1 })
    book.join('a', 0)
    book[use]('b', 60_000)
    book[use]('c', 120_000)
    t.equal(book.size, 2, use)
  }
})

t.test('An address with a connection is remembered however quiet it is', async t => {
  const book = new AddressBook({ joinsPerMinute: 5, connections: 1 })
  book.connect('a', 0)
  for (let now = 0; now < 1e7; now += 50_000) book.sweep(now)
  t.equal(book.size, 1)
  t.equal(book.connect('a', 1e7), false)
})

t.test('A million addresses take no more room than they may, and a limit of those who stay connected still holds', async t => {
  const book = new AddressBook({ joinsPerMinute: 1, connections: 1, maxAddresses: 1000 })
  book.connect('here', 0)
  book.join('here', 0)
  let most = 0
  for (let i = 0; i < 1_000_000; i++) {
    book.connect(`attacker ${i}`, i / 1e5)
    book.join(`attacker ${i}`, i / 1e5)
    book.disconnect(`attacker ${i}`)
    most = Math.max(most, book.size)
  }
  t.ok(most <= 1001, `${most} addresses`)
  t.equal(book.join('here', 10_000), false)
  book.sweep(200_000)
  t.equal(book.size, 1)
})

t.test('No limit means that nothing is refused', async t => {
  const book = new AddressBook({ joinsPerMinute: Infinity, connections: Infinity })
  t.ok(times(1000, () => book.connect('a', 0) && book.join('a', 0)).every(Boolean))
})

t.test('No connections and no joins means that everything is refused and nobody remembered', async t => {
  const book = new AddressBook({ joinsPerMinute: 0, connections: 0 })
  t.equal(book.connect('a', 0), false)
  t.equal(book.join('a', 0), false)
  t.equal(book.size, 0)
})

t.test('The book answers as one that never forgets would, never lets more joins into a minute than the limit, and ends up empty', async t => {
  interface Page { open: number, joins: number, since: number }
  const step = fc.record({
    what: fc.constantFrom('connect', 'disconnect', 'join', 'join', 'sweep'),
    key: fc.constantFrom('a', 'b', 'c'),
    wait: fc.oneof(fc.constant(0), fc.nat({ max: 5_000 }), fc.nat({ max: 70_000 }), fc.constantFrom(59_999, 60_000, 120_000))
  })
  const few = fc.integer({ min: 1, max: 3 })
  t.doesNotThrow(() => fc.assert(fc.property(few, few, fc.array(step, { maxLength: 80 }), (joinsPerMinute, connections, steps) => {
    const book = new AddressBook({ joinsPerMinute, connections })
    const model = new Map<string, Page>()
    const minutes: Array<{ key: string, since: number, joins: number }> = []
    let now = 0
    for (const { what, key, wait } of steps) {
      now += wait
      const page = model.get(key) ?? { open: 0, joins: 0, since: -Infinity }
      model.set(key, page)
      if (what === 'connect') {
        const allowed = page.open < connections
        if (allowed) page.open++
        if (book.connect(key, now) !== allowed) return false
      } else if (what === 'disconnect') {
        // The server pairs each disconnect with a connect that was let in.
        if (page.open > 0) {
          page.open--
          book.disconnect(key)
        }
      } else if (what === 'join') {
        if (now - page.since >= 60_000) {
          page.joins = 0
          page.since = now
          minutes.push({ key, since: now, joins: 0 })
        }
        const allowed = page.joins < joinsPerMinute
        if (allowed) page.joins++
        const minute = minutes.findLast(minute => minute.key === key)
        if (allowed && minute !== undefined) minute.joins++
        if (book.join(key, now) !== allowed) return false
      } else book.sweep(now)
      if (book.size > model.size) return false
    }
    if (minutes.some(({ joins }) => joins > joinsPerMinute)) return false
    for (const [key, { open }] of model) {
      for (let i = 0; i < open; i++) book.disconnect(key)
    }
    book.sweep(now + 120_000)
    return book.size === 0
  }), { numRuns: 5000 }))
})

t.test('The key of an address is the address, and of IPv6 the network of 64 bits it comes from', async t => {
  const cases = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['', ''],
    ['a name of the host\'s own', 'a name of the host\'s own']
  ] as const
  for (const [ip, key] of cases) t.equal(addressKey(ip), key, ip)
})
