#!/usr/bin/env bash
# Checks `/v1` with tools that others wrote: Spectral with the NLGov REST API Design Rules, and
# schemathesis with random requests for SECONDS: `tests/rest/check.sh SECONDS`. It needs a built
# program, `npm ci` in this folder, and schemathesis 4 (SCHEMATHESIS names another path to it).
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds="${1:-60}"
program="${WEGWIJZER_BIN:-target/debug/wegwijzer}"
folder="$(mktemp -d)"
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
origin="http://127.0.0.1:$port"

# The demo, at a public URL with a contact.
sed -e "s#^public_url = .*#public_url = \"$origin/\"\nsecurity.contact = [\"mailto:contact@wegwijzer.example\"]#" \
  -e "s#^path = \"#path = \"$PWD/fixtures/#; s#^\(.*_dir = \)\"\.\./#\1\"$PWD/#" fixtures/demo.toml >"$folder/demo.toml"
"$program" index --config "$folder/demo.toml" --data "$folder/data" >/dev/null 2>&1
"$program" serve --config "$folder/demo.toml" --data "$folder/data" --listen "127.0.0.1:$port" >"$folder/log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$folder"' EXIT
for _ in $(seq 100); do
  curl -fs "$origin/health/ready" >/dev/null && break
  sleep 0.2
done

# The rules about addresses are about a public one.
curl -fsS "$origin/v1/openapi.json" | sed "s#$origin#https://wegwijzer.example#g" >"$folder/openapi.json"
tests/rest/node_modules/.bin/spectral lint --fail-severity warn --ruleset tests/rest/adr.spectral.yaml "$folder/openapi.json"

# Not checked: that every request that fits the document succeeds. Cursors and generations are
# opaque, so most texts that fit their schema are none, and the response is 400 or 410.
# In the temporary folder, since it stores what it found.
(cd "$folder" && "${SCHEMATHESIS:-schemathesis}" run "$origin/v1/openapi.json" --url "$origin/v1" --max-time "$seconds" \
  --workers 2 --seed "${REST_SEED:-1}" --exclude-checks positive_data_acceptance --no-color >"$folder/report") || {
  tail -n 200 "$folder/report"
  exit 1
}
sed -n '/SUMMARY/,$p' "$folder/report"
