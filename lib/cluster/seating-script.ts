import { IN_ORDER } from './command-order.js'

/**
 * Decides who sits where, as one Lua script for Redis and Valkey. `memory-arbiter.ts` is the same in memory: what is changed here is
 * changed there, and one contract suite runs on both.
 *
 * `KEYS[1]` is the hash of the room. `KEYS[2]` keeps the answer for `ARGV[4]` ms: a client that lost its connection sends a command again
 * whose answer it has not got, and a second `leave` would say that somebody else has ended the seat. The other `ARGV` are the operation,
 * the time in ms (empty: Redis's own, which all servers share), and the operation's argument as JSON. `ARGV[5]` is for how long, in ms, a
 * room is kept of which no server says anything. The answer is JSON, in which a list that is empty is absent, since cjson writes `{}` for it.
 */
export const SEATING_SCRIPT = `
if ARGV[1] == 'renew' then
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  return cjson.encode({ version = tonumber(redis.call('HGET', KEYS[1], 'last') or 0) })
end

local answered = redis.call('GET', KEYS[2])
if answered then return answered end
${IN_ORDER}
local op, now, ask = ARGV[1], tonumber(ARGV[2]), cjson.decode(ARGV[3])
if now == nil then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The room as it is kept: 'last' and 'capacity' are numbers, 's:<id>' a seat, 'w:<id>' a joiner that waits.
local last, capacity, seats, line = 0, 2, {}, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local field, value = fields[i], fields[i + 1]
  local kind = string.sub(field, 1, 2)
  if kind == 's:' then seats[#seats + 1] = cjson.decode(value)
  elseif kind == 'w:' then line[#line + 1] = cjson.decode(value)
  elseif field == 'last' then last = tonumber(value)
  elseif field == 'capacity' then capacity = tonumber(value) end
end
local function by_order(a, b) return a.order < b.order end
table.sort(seats, by_order)
table.sort(line, by_order)

-- Numbers owners, places and changes. It is written down at once, since a number must never be given out twice; and it is from the time,
-- so that a room that begins anew goes on with larger numbers.
local function number()
  last = math.max(last + 1, now)
  redis.call('HSET', KEYS[1], 'last', last)
  return last
end

local function keep(seat) redis.call('HSET', KEYS[1], 's:' .. seat.id, cjson.encode(seat)) end

-- What other servers may know of a seat: all but what proves its owner.
local function shown(seat)
  return {
    id = seat.id, server = seat.server, connection = seat.connection, fence = seat.fence, order = seat.order,
    toldPolite = seat.toldPolite, kind = seat.kind, resumable = seat.resumable, ['until'] = seat['until']
  }
end

local function list(of)
  if #of == 0 then return nil end
  local out = {}
  for i, seat in ipairs(of) do out[i] = shown(seat) end
  return out
end

local function state() return { version = last, capacity = capacity, now = now, seats = list(seats) } end

local function answer(reply)
  reply.state = state()
  local used = false
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do used = used or string.sub(field, 2, 2) == ':' end
  -- A room is there while somebody sits or waits in it, and its servers say so: else nobody would take out those of dead servers.
  if used then redis.call('PEXPIRE', KEYS[1], ARGV[5])
  else redis.call('DEL', KEYS[1]) end
  local text = cjson.encode(reply)
  redis.call('SET', KEYS[2], text, 'PX', ARGV[4])
  return text
end

local function take_out(which)
  local out, left = {}, {}
  for _, seat in ipairs(seats) do
    if which(seat) then
      out[#out + 1] = seat
      redis.call('HDEL', KEYS[1], 's:' .. seat.id)
    else left[#left + 1] = seat end
  end
  seats = left
  if #out > 0 then number() end
  return out
end

local function leave_line(id) redis.call('HDEL', KEYS[1], 'w:' .. id) end

local function find(which)
  for _, seat in ipairs(seats) do
    if which(seat) then return seat end
  end
end

local function finish(seat)
  take_out(function (other) return other == seat end)
  return { outcome = 'ended', seat = shown(seat) }
end

local function is_present(seat) return seat['until'] == nil end

if op == 'state' then return cjson.encode({ state = state() }) end

if op == 'withdraw' then leave_line(ask.id); return answer({}) end

if op == 'announce' then
  local named = {}
  for _, seat in ipairs(ask.seats) do named[seat.id] = true end
  take_out(function (seat) return seat.server == ask.server and not named[seat.id] end)
  if #seats == 0 and capacity ~= ask.capacity then
    capacity = ask.capacity
    redis.call('HSET', KEYS[1], 'capacity', capacity)
  end
  for _, seat in ipairs(ask.seats) do
    local known = find(function (other) return other.id == seat.id end)
    local till = seat.left ~= nil and now + seat.left or nil
    seat.left = nil
    if known == nil then
      if #seats < capacity then
        seat.server, seat.fence, seat['until'], seat.over = ask.server, number(), till, till
        keep(seat)
        seats[#seats + 1] = seat
        table.sort(seats, by_order)
      end
    else
      local mine = known.server == ask.server
      -- By a later number than the one here: a replica took over that lacks the last writes. Otherwise a window may have stood still.
      if (seat.fence > known.fence and (mine or till == nil)) or
        (mine and (is_present(known) ~= (till == nil) or (till ~= nil and till > known.over))) then
        known.server, known.connection, known.resumable, known.token, known.claim = ask.server, seat.connection, seat.resumable, seat.token, seat.claim
        last = math.max(last, seat.fence)
        known.fence, known['until'], known.over = number(), till, till
        keep(known)
      end
    end
  end
  -- What that server has heard last was lost here. It takes no state that is older.
  if ask.known > last then last = ask.known; number() end
  return answer({})
end

if op ~= 'join' then
  local seat = find(function (other) return other.id == ask.id end)
  -- The fencing number: a server that was cut off cannot speak for a seat that was given away.
  if seat == nil or seat.fence ~= ask.fence then return answer({ outcome = 'stale' }) end
  if op == 'leave' then return answer(finish(seat)) end
  if op == 'expire' then
    if seat.over == nil or seat.over > now then return answer({ outcome = 'stale' }) end
    return answer(finish(seat))
  end
  -- lost
  if not is_present(seat) then return answer({ outcome = 'stale' }) end
  if seat.token == nil or ask.window <= 0 then return answer(finish(seat)) end
  seat.fence = number()
  seat['until'] = now + ask.window
  seat.over = seat['until'] + ask.grace
  keep(seat)
  return answer({ outcome = 'absent', seat = shown(seat) })
end

-- join
local proof = ask.proof or {}
local own
if proof.token ~= nil then own = find(function (seat) return seat.id == proof.id and seat.token == proof.token end) end
if own == nil and proof.claim ~= nil then
  own = find(function (seat) return seat.claim == proof.claim and not (is_present(seat) and ask.at and seat.fence > ask.at) end)
end
local present = find(function (seat) return is_present(seat) and seat.server == ask.server and seat.connection == ask.connection end)
-- A connection has one seat in a room, so that a token of another one is worth nothing on it.
local resumes = own ~= nil and (present == nil or present == own)

-- An owner that is back before anybody has ended its seat is not too late: the window stands still while its server cannot reach Redis.
local ended = take_out(function (seat) return seat.over ~= nil and seat.over <= now and not (resumes and seat == own) end)
local waiting = {}
for _, joiner in ipairs(line) do
  if joiner['until'] > now then waiting[#waiting + 1] = joiner else leave_line(joiner.id) end
end
line = waiting

local function take_capacity()
  if ask.capacity == nil then return end
  capacity = ask.capacity
  redis.call('HSET', KEYS[1], 'capacity', capacity)
end

local function sit(outcome, out)
  for _, seat in ipairs(out or {}) do ended[#ended + 1] = seat end
  leave_line(ask.id)
  take_capacity()
  local fence = number()
  local seat = {
    id = ask.id, server = ask.server, connection = ask.connection, fence = fence, order = fence,
    toldPolite = seats[1] ~= nil and not seats[1].toldPolite,
    kind = ask.kind, resumable = ask.token ~= nil, token = ask.token, claim = ask.claim
  }
  keep(seat)
  seats[#seats + 1] = seat
  return answer({ outcome = outcome, seat = shown(seat), ended = list(ended) })
end

local function just(one) return take_out(function (seat) return seat == one end) end

if resumes then
  if ask.fresh then return sit('replaced', just(own)) end
  local previous = shown(own)
  leave_line(ask.id)
  take_capacity()
  own.server, own.connection, own.fence = ask.server, ask.connection, number()
  own.token, own.claim, own.resumable = ask.token, ask.claim, ask.token ~= nil
  own['until'], own.over = nil, nil
  keep(own)
  return answer({ outcome = 'resumed', seat = shown(own), previous = previous, ended = list(ended) })
end
if present ~= nil then return sit('rejoined', just(present)) end

local place
for i, joiner in ipairs(line) do if joiner.id == ask.id then place = i end end
-- A free seat is kept for each joiner that came before.
local ahead = place == nil and #line or place - 1
local bound = ask.capacity or capacity
if ahead == 0 or ask.probed then
  if #seats + ahead < bound then return sit('seated') end
  local absent = not ask.hold and find(function (seat) return not is_present(seat) end) or nil
  if absent and #seats - 1 + ahead < bound then return sit('replaced', just(absent)) end
end
local sitters = {}
for _, seat in ipairs(seats) do
  if is_present(seat) then sitters[#sitters + 1] = seat end
end
if ask.probed or #sitters == 0 or (place == nil and #line >= 16) then
  leave_line(ask.id)
  local retry_after
  for _, seat in ipairs(seats) do
    local left = not is_present(seat) and math.max(0, seat['until'] - now) or nil
    if left ~= nil and (retry_after == nil or left < retry_after) then retry_after = left end
  end
  return answer({ outcome = 'full', retryAfter = retry_after, ended = list(ended) })
end
if place == nil then
  redis.call('HSET', KEYS[1], 'w:' .. ask.id, cjson.encode({ id = ask.id, order = number(), ['until'] = now + ask.waits }))
end
return answer({ outcome = 'wait', sitters = list(sitters), ended = list(ended) })
`
