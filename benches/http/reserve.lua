-- One reservation of one unit a request, each under a key of its own. Used by the `http_reserve` bench for every rival.
local thread_count = 0
function setup(thread)
  thread:set("id", thread_count)
  thread_count = thread_count + 1
end

function init()
  math.randomseed(os.time() + id)
  prefix = string.format("wrk-%d-%d-", id, math.random(1, 2 ^ 31 - 1))
  count = 0
  wrk.headers["Content-Type"] = "application/json"
  wrk.body = '{"customer":"buyer-7","lines":[{"sku":"HOT-1","quantity":1}],"ttl_ms":900000}'
end

function request()
  count = count + 1
  wrk.headers["Idempotency-Key"] = prefix .. count
  return wrk.format("POST", "/v1/reservations")
end
