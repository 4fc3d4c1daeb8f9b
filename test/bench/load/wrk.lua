-- wrk … -s wrk.lua URL -- METHOD PATH HOST BODY_BYTES FRAMING CONNECTION
-- The same request again and again, with the headers of a browser; FRAMING is none, length or chunked.
-- `done` prints one line of JSON that the harness reads.
local message

local function chunked(body)
  local parts = {}
  for at = 1, #body, 16384 do
    local part = body:sub(at, at + 16383)
    parts[#parts + 1] = string.format("%x\r\n%s\r\n", #part, part)
  end
  parts[#parts + 1] = "0\r\n\r\n"
  return table.concat(parts)
end

function init(args)
  local method, path, host, size, framing, connection = args[1], args[2], args[3], tonumber(args[4]), args[5], args[6]
  local lines = {
    method .. " " .. path .. " HTTP/1.1",
    "Host: " .. host,
    "Connection: " .. connection,
    'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"',
    "sec-ch-ua-mobile: ?0",
    'sec-ch-ua-platform: "macOS"',
    "Upgrade-Insecure-Requests: 1",
    "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
    "Sec-Fetch-Site: same-origin",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-User: ?1",
    "Sec-Fetch-Dest: document",
    "Referer: http://" .. host .. "/",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
    "Cookie: session=3f8c1e0b7a5d4926b1c2d3e4f5a60718; theme=dark",
  }
  local body = string.rep("0123456789abcdef", math.ceil(size / 16)):sub(1, size)
  if framing == "length" then lines[#lines + 1] = "Content-Length: " .. size end
  if framing == "chunked" then
    lines[#lines + 1] = "Transfer-Encoding: chunked"
    body = chunked(body)
  end
  if framing == "none" then body = "" end
  message = table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

function request()
  return message
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"bytes":%d,"microseconds":%d,"p50":%d,"p99":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}\n',
    summary.requests, summary.bytes, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
