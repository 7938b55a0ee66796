#!/bin/bash
# start-s3.sh DIR PORT ACCESS_KEY SECRET_KEY
# Starts run-s3.sh in the background, for work at a terminal, and returns when it serves. stop-s3.sh DIR stops it.
set -euo pipefail
[ $# = 4 ] || { sed -n '2,3s/^# \?//p' "$0" >&2; exit 2; }
here=$(dirname "$(realpath "$0")") dir=$(realpath -m "$1")
"$here/stop-s3.sh" "$dir" >/dev/null
log=$(mktemp)
trap 'rm -f "$log"' EXIT
S3_DETACHED=1 S3_ACCESS_KEY=$3 S3_SECRET_KEY=$4 setsid "$here/run-s3.sh" "$dir" "$2" </dev/null >"$log" 2>&1 &
pid=$!
for _ in $(seq 900); do
  ! grep -s '^S3 ready' "$log" || exit 0
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.1
done
cat "$log" >&2
kill "$pid" 2>/dev/null || true
exit 1
