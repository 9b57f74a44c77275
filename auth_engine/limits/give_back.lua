-- Take one request off a counter again. KEYS: the counter.
local current = tonumber(redis.call('HGET', KEYS[1], 'current') or '0')
if current > 0 then
  redis.call('HINCRBY', KEYS[1], 'current', -1)
end
return current
