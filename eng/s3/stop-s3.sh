#!/bin/bash
# stop-s3.sh DIR   stops the run-s3.sh of DIR and waits until its daemons have ended; leaves DIR in place
[ $# = 1 ] || { sed -n '2s/^# \?//p' "$0" >&2; exit 2; }
dir=$(realpath -m "$1")
pid=$(cat "$dir/run/s3.pid" 2>/dev/null) || exit 0
grep -qaz "run-s3.sh$" "/proc/$pid/cmdline" 2>/dev/null && kill "$pid"   # not when the pid was given to another process
flock -w 30 "$dir/run/lock" true || { echo "stop-s3: $dir is still running" >&2; exit 1; }
echo "S3 stopped: $dir"
