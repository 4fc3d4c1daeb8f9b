#!/bin/sh
# Installs what prproxy is compared with, and the load generator: Debian packages (as root), npm packages beside this
# file, and the Go programs. None of it is needed to use or to test prproxy.
set -eu
cd "$(dirname "$0")"
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends wrk nginx-light libnginx-mod-stream haproxy caddy golang-go nghttp2-client openssl
npm ci --prefix contenders --no-audit --no-fund
# Built again by each run; the first time takes long.
for program in httputil forward; do
  go build -o /dev/null "go/$program/main.go"
done
