// One's own picture in a corner of the call, which a mouse, a finger and the keyboard can move to another.

const ARROWS = {
  ArrowLeft: ([vertical]) => [vertical, 'left'],
  ArrowRight: ([vertical]) => [vertical, 'right'],
  ArrowUp: ([, horizontal]) => ['top', horizontal],
  ArrowDown: ([, horizontal]) => ['bottom', horizontal]
}

/** For whoever can press, and neither drag nor use arrow keys (WCAG 2.2, 2.5.7): each press goes on to the next. */
const CLOCKWISE = ['top-left', 'top-right', 'bottom-right', 'bottom-left']

/** Where an arrow key takes a picture from a corner; null for other keys. */
export function cornerAfter (corner, key) {
  return ARROWS[key]?.(corner.split('-')).join('-') ?? null
}

/** The corner of a window that is nearest to a point. */
export function cornerNear (x, y, width, height) {
  return `${y < height / 2 ? 'top' : 'bottom'}-${x < width / 2 ? 'left' : 'right'}`
}

/** A pointer that has gone no further has pressed. In CSS pixels. */
const STILL = 6

/** Lets `handle`, which lies on `picture`, move it. `moved` is told of each corner it comes to. */
export function makeMovable (picture, handle, moved) {
  let from = null
  let dragged = false
  const put = corner => {
    picture.dataset.corner = corner
    moved(corner)
  }
  const drop = () => {
    from = null
    delete picture.dataset.dragged
    picture.style.transform = ''
  }
  handle.addEventListener('keydown', event => {
    const corner = cornerAfter(picture.dataset.corner, event.key)
    if (corner === null) return
    event.preventDefault()
    put(corner)
  })
  handle.addEventListener('pointerdown', event => {
    from = { x: event.clientX, y: event.clientY }
    dragged = false
    handle.setPointerCapture(event.pointerId)
  })
  handle.addEventListener('pointermove', event => {
    if (from === null) return
    const [x, y] = [event.clientX - from.x, event.clientY - from.y]
    if (Math.hypot(x, y) > STILL) dragged = true
    if (!dragged) return
    picture.dataset.dragged = ''
    picture.style.transform = `translate(${x}px, ${y}px)`
  })
  handle.addEventListener('pointerup', event => {
    if (from === null) return
    drop()
    if (dragged) put(cornerNear(event.clientX, event.clientY, window.innerWidth, window.innerHeight))
  })
  handle.addEventListener('pointercancel', drop)
  handle.addEventListener('click', () => {
    if (!dragged) put(CLOCKWISE[(CLOCKWISE.indexOf(picture.dataset.corner) + 1) % CLOCKWISE.length])
    dragged = false
  })
}
