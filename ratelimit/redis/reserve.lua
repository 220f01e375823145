-- Takes ARGV[1] from the rate at KEYS[1] and returns how long to wait before using it. All times are microseconds.
-- It is the generic cell rate algorithm: what is kept is when all that was let through would end, were it evenly spread.
local cost = tonumber(ARGV[1])  -- how long what is asked for takes, evenly spread
local burst = tonumber(ARGV[2]) -- how much of that may go at once
local most = tonumber(ARGV[3])  -- a longer wait takes nothing
local bound = tonumber(ARGV[4]) -- nothing that was let through ends later than this from now

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local ends = tonumber(redis.call('GET', KEYS[1]) or now)
if not ends or ends < now or ends > now + bound then
  ends = now -- idle; or the clock was set back, or the value is not ours
end
ends = ends + cost

local wait = math.max(ends - burst - now, 0)
if wait <= most then
  redis.call('SET', KEYS[1], string.format('%.0f', ends), 'PX', math.ceil((ends - now) / 1000))
end
return wait
