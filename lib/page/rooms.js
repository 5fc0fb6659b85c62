// Names of rooms: whoever knows one can join it, so a name of ours is easy to read out and hard to guess.

const FIRST = [
  'amber', 'autumn', 'azure', 'blue', 'bold', 'brave', 'bright', 'calm', 'clear', 'coral', 'crisp', 'dancing', 'early', 'easy', 'fair', 'gentle',
  'golden', 'grand', 'green', 'happy', 'hazel', 'honest', 'icy', 'indigo', 'jolly', 'kind', 'late', 'light', 'lively', 'lucky', 'mellow', 'merry',
  'mild', 'misty', 'morning', 'noble', 'northern', 'olive', 'pearl', 'plain', 'proud', 'quick', 'quiet', 'rapid', 'ready', 'rosy', 'royal', 'ruby',
  'silent', 'silver', 'simple', 'smooth', 'snowy', 'soft', 'southern', 'spring', 'steady', 'summer', 'sunny', 'swift', 'true', 'violet', 'warm', 'winter'
]
const SECOND = [
  'acorn', 'badger', 'bay', 'beacon', 'beaver', 'birch', 'bridge', 'brook', 'canyon', 'cedar', 'cliff', 'cloud', 'comet', 'cove', 'crane', 'creek',
  'dawn', 'delta', 'dolphin', 'eagle', 'ember', 'falcon', 'fern', 'field', 'finch', 'forest', 'fox', 'garden', 'grove', 'harbour', 'heron', 'hill',
  'island', 'lake', 'lark', 'leaf', 'lynx', 'maple', 'meadow', 'moon', 'moss', 'oak', 'orchard', 'otter', 'owl', 'panda', 'pebble', 'pine',
  'planet', 'pond', 'prairie', 'raven', 'reef', 'ridge', 'river', 'robin', 'shore', 'sparrow', 'star', 'stone', 'swan', 'valley', 'willow', 'wren'
]
/** Without those that are taken for one another. */
const SIGNS = 'abcdefghjkmnpqrstuvwxyz23456789'
const LENGTH = 5

/** A name for a room: two words, and signs that make 10^11 of them. `random` gives that many random numbers from 0 to 2^32 - 1. */
export function proposeRoom (random = count => crypto.getRandomValues(new Uint32Array(count))) {
  const [first, second, ...rest] = random(2 + LENGTH)
  const pick = (list, number) => list[number % list.length]
  return `${pick(FIRST, first)}-${pick(SECOND, second)}-${rest.map(number => pick(SIGNS, number)).join('')}`
}
