-- Count one request in each counter that has room, by the rules of windows.py.
-- KEYS: the counters. ARGV: burst and seconds of each. Answers admitted, current, previous and elapsed for each.
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local answers = {}
for place, key in ipairs(KEYS) do
  local burst, seconds = tonumber(ARGV[2 * place - 1]), tonumber(ARGV[2 * place])
  local row = redis.call('HMGET', key, 'start', 'current', 'previous')
  local start, current, previous = tonumber(row[1]) or now, tonumber(row[2]) or 0, tonumber(row[3]) or 0
  local age = math.max(now - start, 0) / seconds
  if age >= 2 then
    start, previous, current, age = now, 0, 0, 0
  elseif age >= 1 then
    start, previous, current, age = start + seconds, current, 0, age - 1
  end
  local admitted = current + previous * (1 - age) + 1 <= burst + 0.000001
  if admitted then
    current = current + 1
    redis.call('HSET', key, 'start', string.format('%.6f', start), 'current', current, 'previous', previous)
    redis.call('EXPIRE', key, 2 * seconds)
  end
  answers[place] = {admitted and 1 or 0, current, previous, string.format('%.6f', age)}
end
return answers
