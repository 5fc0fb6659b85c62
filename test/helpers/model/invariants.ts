/** What is promised of rooms. Each failure of the model bears the name of the promise that was broken. */
export const INVARIANTS = {
  twoSeats: 'never more than two seats',
  owned: 'no seat without owner or deadline',
  found: 'every seat is found by its id, and its room by its name',
  inside: 'no message to anyone outside the room',
  order: 'order kept, none lost or doubled while within bounds',
  answered: 'whoever waits is answered',
  agreed: 'everybody is told what the protocol says, and nothing else',
  lives: 'every seat that is told of as joined is told of as left, once',
  timers: 'no timer outlives what it is for',
  quiet: 'after quiescence no timers and no seats are left'
} as const
