import assert from 'node:assert/strict'
import type { RoomRegistry } from '../../../lib/rooms/room-registry.js'
import type { FakeLink } from '../fakes/fake-link.js'
import type { TestClock } from '../fakes/test-clock.js'
import { INVARIANTS } from './invariants.js'
import type { Line } from './line.js'
import type { Oracle } from './oracle.js'

/** No room has more than two seats, and each seat has an owner or a deadline. */
export function checkRooms (rooms: RoomRegistry, clock: TestClock): void {
  for (const app of rooms.apps()) {
    for (const room of rooms.in(app)) {
      assert.ok(room.seats.length <= 2, INVARIANTS.twoSeats)
      for (const seat of room.seats) {
        const owner = seat.link as FakeLink | null
        assert.equal(owner === null, seat.absence !== null, INVARIANTS.owned)
        if (owner !== null) assert.ok(owner.alive && owner.seats.in(room.name) === seat, INVARIANTS.owned)
        else assert.ok((seat.absence?.until ?? -1) >= clock.lived(), INVARIANTS.owned)
      }
    }
  }
}

/** A line was sent what the oracle expects, waits no longer than a probe takes, and its seats are found. */
export function checkLine (line: Line, rooms: RoomRegistry, now: number, probeTimeout: number): void {
  line.compare()
  const { busySince, seats, alive } = line.real
  assert.ok(busySince === null || (alive && now - busySince <= probeTimeout), INVARIANTS.answered)
  for (const seat of seats) {
    assert.equal(rooms.seat(seat.id), seat, INVARIANTS.found)
    assert.equal(rooms.find(seat.room.app, seat.room.name), seat.room, INVARIANTS.found)
  }
}

/** The rooms are those of the oracle, with the same peers present and absent, and as many joiners that wait. */
export function compareRooms (rooms: RoomRegistry, { rooms: expected }: Oracle): void {
  assert.equal(rooms.apps().flatMap(app => rooms.in(app)).length, expected.length, INVARIANTS.found)
  for (const { app, name, seats, waiting } of expected) {
    const room = rooms.find(app, name)
    assert.deepEqual(room?.seats.map(seat => seat.link === null), seats.map(seat => seat.link === null), INVARIANTS.agreed)
    assert.equal(room?.waiting, waiting.length, INVARIANTS.answered)
  }
}
