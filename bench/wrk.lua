-- wrk sends the requests of a file in turn, checks each answer, and prints one line of JSON at the end.

local requests, begins, length, turn = {}, nil, 0, 0
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  wrong, kept = 0, ""
  local lines = io.lines(arguments[1])
  begins = lines()
  length = #begins
  for line in lines do
    local token, body = line:match("^(.-)\t(.*)$")
    local headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function response(status, headers, body)
  if status ~= 200 or body:sub(1, length) ~= begins then
    wrong = wrong + 1
    kept = body:sub(1, 300)
  end
end

function done(summary, latency, _)
  local errors = summary.errors
  local wrong, kept = errors.connect + errors.read + errors.write + errors.timeout, ""
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("wrong")
    kept = thread:get("kept")
  end
  local shown = '{"answers": %d, "seconds": %.6f, "errors": %d, "p50": %.4f, "p99": %.4f, "wrong": %q}\n'
  local p50, p99 = latency:percentile(50) / 1000, latency:percentile(99) / 1000
  io.write(shown:format(summary.requests, summary.duration / 1000000, wrong, p50, p99, kept:gsub("%c", " ")))
end
