-- The steps of a ledger in Redis; each call of this script is one atomic step.
-- KEYS: counters (hash), reservations (hash), slots of rolling windows (hash), what is due when
-- (sorted set). All share one hash tag, and no other key is touched, so that a cluster takes it.
-- Numbers are whole and below 2^53: doubles hold them exactly. They are never concatenated to
-- strings where they may have more than 14 digits, which Lua would round.
local COUNTERS, RESERVATIONS, SLOTS, DUE = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local SWEPT_AT_ONCE = 200
local SWEPT_BEFORE_REFUSAL = 100000
local NULL = cjson.null -- packed as nil

local step = cjson.decode(ARGV[2])

local function given(value)
  return value ~= nil and value ~= cjson.null
end

local now = step.at
if not given(now) then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2])
end

-- When this ledger began: it changes only where Redis has forgotten all of it.
local began = redis.call('HGET', COUNTERS, ':began')
if not began then
  began = string.format('%.0f', now)
  redis.call('HSET', COUNTERS, ':began', began)
end

local function add(counter, field, amount)
  return tonumber(redis.call('HINCRBY', COUNTERS, counter .. field, amount))
end

local function thresholds_of(csv)
  local found = {}
  for number in string.gmatch(csv, '%d+') do
    found[#found + 1] = tonumber(number)
  end
  return found
end

local function csv_of(demand)
  local texts = {}
  for i, number in ipairs(demand.thresholds) do
    texts[i] = string.format('%.0f', number)
  end
  return table.concat(texts, ',')
end

local function level_at(spent, thresholds)
  local level = 0
  for _, threshold in ipairs(thresholds) do
    if spent >= threshold then level = level + 1 end
  end
  return level
end

-- Returns spent, held, estimated, level, thresholds, label; nil where there is no such counter.
local function read(counter)
  local found = redis.call('HMGET', COUNTERS, counter .. ':s', counter .. ':h', counter .. ':e',
    counter .. ':l', counter .. ':t', counter .. ':j')
  if not found[6] then return nil end
  return {
    spent = tonumber(found[1]), held = tonumber(found[2]), estimated = tonumber(found[3]),
    level = tonumber(found[4]), csv = found[5], label = found[6],
  }
end

-- Replies are arrays in the order of the fields of `StepResult` and `Count`.
local function row_of(counter, count, passed)
  return { counter, count.label, count.spent, count.held, count.estimated, count.level, passed,
    thresholds_of(count.csv) }
end

local function save(id, row)
  redis.call('HSET', RESERVATIONS, id, cmsgpack.pack(row))
end

local function load(id)
  local packed = redis.call('HGET', RESERVATIONS, id)
  return packed and cmsgpack.unpack(packed) or nil
end

-- Adds an amount, which may be negative, to what was spent in the scopes of a reservation.
local function charge(row, amount, estimated)
  if amount == 0 and estimated == 0 then return end
  for _, part in ipairs(row.parts) do
    local counter, slot, length = part[1], part[2], part[3]
    if redis.call('HEXISTS', COUNTERS, counter .. ':j') == 1 then
      local counts = true
      if slot > 0 then
        local index = math.floor(row.at / slot)
        local leaves = (index + 1) * slot + length
        counts = leaves > now
        if counts then
          local name = counter .. '|' .. string.format('%.0f', index)
          redis.call('HINCRBY', SLOTS, name, amount)
          redis.call('ZADD', DUE, leaves, 's|' .. name)
        end
      end
      if counts then add(counter, ':s', amount) end
      if estimated ~= 0 then add(counter, ':e', estimated) end
    end
  end
end

local function unhold(row)
  for _, part in ipairs(row.parts) do
    if redis.call('HEXISTS', COUNTERS, part[1] .. ':j') == 1 then
      add(part[1], ':h', 0 - row.bound)
    end
  end
end

local function leave(name)
  local amount = tonumber(redis.call('HGET', SLOTS, name) or 0)
  redis.call('HDEL', SLOTS, name)
  local counter = string.match(name, '^[^|]+')
  local count = read(counter)
  if count then
    local spent = add(counter, ':s', 0 - amount)
    local first = thresholds_of(count.csv)[1]
    if count.level > 0 and first and spent < first then
      redis.call('HSET', COUNTERS, counter .. ':l', 0)
    end
  end
end

local function end_hold(id)
  local row = load(id)
  if not row or row.state ~= 'open' then return 0 end
  unhold(row)
  if row.charges then
    charge(row, row.bound, row.bound)
    row.state, row.charged, row.estimate = 'settled', row.bound, true
  else
    row.state = 'expired'
  end
  save(id, row)
  redis.call('ZADD', DUE, now + step.keep, 'r|' .. id)
  return 1
end

local function forget_counter(counter)
  redis.call('HDEL', COUNTERS, counter .. ':s', counter .. ':h', counter .. ':e', counter .. ':l',
    counter .. ':t', counter .. ':j')
end

-- Does what is due, at most so much at once; returns how much that was, and how many holds ended.
local function sweep(most)
  local due = redis.call('ZRANGEBYSCORE', DUE, '-inf', now, 'LIMIT', 0, most)
  local ended = 0
  for _, member in ipairs(due) do
    redis.call('ZREM', DUE, member)
    local kind, name = string.sub(member, 1, 1), string.sub(member, 3)
    if kind == 's' then leave(name)
    elseif kind == 'h' then ended = ended + end_hold(name)
    elseif kind == 'r' then redis.call('HDEL', RESERVATIONS, name)
    else forget_counter(name) end
  end
  return #due, ended
end

local function refused()
  for _, demand in ipairs(step.demands) do
    if demand.is_hard then
      local count = read(demand.counter)
      local used = count and count.spent + count.held or 0
      if used + step.bound > demand.amount then return true end
    end
  end
  return false
end

local function counts_of_demands()
  local counts = {}
  for i, demand in ipairs(step.demands) do
    local count = read(demand.counter) or { spent = 0, held = 0, estimated = 0, level = 0,
      csv = csv_of(demand), label = demand.label }
    counts[i] = row_of(demand.counter, count, count.level)
  end
  return counts
end

local function hold(demand)
  local counter = demand.counter
  local count = read(counter)
  if not count then
    count = { spent = 0, held = 0, estimated = 0, level = 0, csv = csv_of(demand) }
    redis.call('HSET', COUNTERS, counter .. ':s', 0, counter .. ':h', 0, counter .. ':e', 0,
      counter .. ':l', 0)
  end
  local csv, thresholds = csv_of(demand), demand.thresholds
  local passed, reached = count.level, level_at(count.spent, thresholds)
  if count.csv ~= csv then passed = math.min(passed, reached) end
  count.level = math.max(passed, reached)
  if not demand.is_hard and count.spent + count.held + step.bound > demand.amount then
    count.level = #thresholds
  end
  count.held = add(counter, ':h', step.bound)
  count.csv, count.label = csv, demand.label
  redis.call('HSET', COUNTERS, counter .. ':l', count.level, counter .. ':t', count.csv,
    counter .. ':j', count.label)
  local last = demand.length > 0 and now + demand.length + step.hold or demand.ends
  redis.call('ZADD', DUE, last + step.keep, 'c|' .. counter)
  return row_of(counter, count, passed)
end

local function reserve()
  local swept = sweep(SWEPT_AT_ONCE)
  for _, demand in ipairs(step.demands) do
    if now < demand.starts or now >= demand.ends then return { 'other_period', now } end
  end
  local before = load(step.id)
  if before and (before.state == 'open' or before.state == 'settled') then
    return { 'repeated', now, before.state, before.bound, before.charged }
  end
  if refused() then
    -- what is due but was not swept yet may be all that stands in the way
    if swept < SWEPT_AT_ONCE then return { 'refused', now, NULL, 0, 0, false, counts_of_demands() } end
    sweep(SWEPT_BEFORE_REFUSAL)
    if refused() then return { 'refused', now, NULL, 0, 0, false, counts_of_demands() } end
  end
  local counts, parts = {}, {}
  for i, demand in ipairs(step.demands) do
    counts[i] = hold(demand)
    parts[i] = { demand.counter, demand.slot, demand.length }
  end
  save(step.id, { state = 'open', bound = step.bound, charged = 0, estimate = false, at = now,
    charges = step.charges, parts = parts })
  redis.call('ZREM', DUE, 'r|' .. step.id)
  redis.call('ZADD', DUE, now + step.hold, 'h|' .. step.id)
  return { 'done', now, 'open', step.bound, 0, false, counts }
end

local function settled_counts(row)
  local counts = {}
  for _, part in ipairs(row.parts) do
    local count = read(part[1])
    if count then
      local passed = count.level
      count.level = math.max(passed, level_at(count.spent, thresholds_of(count.csv)))
      if count.level > passed then
        redis.call('HSET', COUNTERS, part[1] .. ':l', count.level)
      end
      counts[#counts + 1] = row_of(part[1], count, passed)
    end
  end
  return counts
end

local function settle()
  local row = load(step.id)
  if not row then return { 'unknown', now } end
  local is_release = not given(step.cost)
  local stands = is_release and row.state ~= 'open'
  if row.state == 'settled' then stands = step.is_estimate or not row.estimate end
  if stands then return { 'repeated', now, row.state, row.bound, row.charged } end
  local is_late = row.state == 'released' or row.state == 'expired'
  if row.state == 'open' then unhold(row) end
  local cost = is_release and 0 or step.cost
  charge(row, cost - row.charged,
    (step.is_estimate and cost or 0) - (row.estimate and row.charged or 0))
  row.state, row.charged, row.estimate = is_release and 'released' or 'settled', cost,
    step.is_estimate
  save(step.id, row)
  redis.call('ZREM', DUE, 'h|' .. step.id)
  redis.call('ZADD', DUE, now + step.keep, 'r|' .. step.id)
  return { 'done', now, row.state, row.bound, row.charged, is_late, settled_counts(row) }
end

local function expire()
  local ended = 0
  repeat
    local swept, holds = sweep(SWEPT_AT_ONCE)
    ended = ended + holds
  until swept < SWEPT_AT_ONCE
  return { 'done', now, NULL, 0, 0, false, {}, ended }
end

local function all_counters()
  local names = {}
  for _, field in ipairs(redis.call('HKEYS', COUNTERS)) do
    if string.sub(field, -2) == ':j' then names[#names + 1] = string.sub(field, 1, -3) end
  end
  return names
end

local function count()
  local counts = {}
  for _, counter in ipairs(given(step.counters) and step.counters or all_counters()) do
    local found = read(counter)
    if found then counts[#counts + 1] = row_of(counter, found, found.level) end
  end
  return { 'done', now, NULL, 0, 0, false, counts }
end

-- One string is read many times faster than nested replies.
local steps = { reserve = reserve, settle = settle, expire = expire, count = count }
return cmsgpack.pack({ began, steps[ARGV[1]]() })
