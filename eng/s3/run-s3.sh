#!/bin/bash
# run-s3.sh DIR PORT [ACCESS_KEY SECRET_KEY]
# A real S3 server on http://127.0.0.1:PORT (Ceph: one monitor, one object store daemon, one RADOS gateway), all data
# under DIR, for tests and for one machine. Stays in the foreground, prints "S3 ready: http://127.0.0.1:PORT" once it
# serves, stops all on SIGTERM or SIGINT, ends with an error when a daemon ends, and ends with the process that started
# it. Every daemon is a child in this process group and dies with this script, also on SIGKILL.
#   S3_STORE=memstore   (default) objects in memory, gone at the end
#   S3_STORE=bluestore  objects in DIR, durable; the same DIR can be started again, on any port
#   S3_ACCESS_KEY, S3_SECRET_KEY  instead of the arguments, which other users of the machine can see
#   S3_UPLOAD_ACCESS_KEY, S3_UPLOAD_SECRET_KEY  further keys, which may write and do nothing else: for URLs that write
#   S3_DETACHED=1       do not end with the process that started it
# Needs: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd uuid-runtime curl
# The monitor takes PORT+1, the object store daemon free loopback ports from 6800 up. Works as root and as any user.
set -euo pipefail

[ $# = 2 ] || [ $# = 4 ] || { sed -n '2,13s/^# \?//p' "$0" >&2; exit 2; }
dir=$(realpath -m "$1") port=$2 store=${S3_STORE:-memstore} parent=$PPID
access_key=${3:-${S3_ACCESS_KEY:?set S3_ACCESS_KEY or give ACCESS_KEY}}
secret_key=${4:-${S3_SECRET_KEY:?set S3_SECRET_KEY or give SECRET_KEY}}
upload_access_key=${S3_UPLOAD_ACCESS_KEY:-} upload_secret_key=${S3_UPLOAD_SECRET_KEY:-}
unset S3_SECRET_KEY S3_UPLOAD_SECRET_KEY
monitor="[v2:127.0.0.1:$((port + 1))]"
declare -A pids=()

fail() { echo "run-s3: $*" >&2; exit 1; }

for program in radosgw radosgw-admin ceph-mon ceph-osd ceph monmaptool uuidgen curl setpriv flock; do
  command -v "$program" >/dev/null || fail "$program is missing; apt-get install --no-install-recommends radosgw ceph-mon ceph-osd uuid-runtime curl"
done
case $store in memstore | bluestore) ;; *) fail "S3_STORE is '$store'; allowed: memstore, bluestore" ;; esac
[ "$store" = bluestore ] || [ "$(cat "$dir/ready" 2>/dev/null)" != bluestore ] || fail "$dir holds durable objects, which S3_STORE=$store would remove; set S3_STORE=bluestore"
[ -e "$dir/ceph.conf" ] || [ -z "$(ls -A "$dir" 2>/dev/null)" ] || fail "$dir is neither empty nor from this script"
mkdir -p "$dir"/{run,log}

# Every daemon inherits this lock, so it is free only when all of an earlier run have really ended.
exec 9>"$dir/run/lock"
flock -w 30 9 || fail "another server still runs on $dir"

watch_parent() {
  local ppid
  while read -r _ _ _ ppid _ <"/proc/$$/stat" && [ "$ppid" = "$parent" ]; do sleep 0.5; done
  kill $$ 2>/dev/null || true
}

stop() { # name: orderly stop of one daemon, forced after 8 s
  local pid=${pids[$1]:-}
  [ -n "$pid" ] || return 0
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 80); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1 9>&-; done
  kill -9 "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

finish() {
  local code=$?
  trap - EXIT; trap '' TERM INT HUP
  [ "$code" = 0 ] || tail -n 5 "$dir"/log/*.log >&2 2>/dev/null || true
  kill ${watcher:-} ${sleeper:-} 2>/dev/null || true
  stop gateway; stop osd; stop monitor
  rm -f "$dir/run/s3.pid"
  exit "$code"
}
trap finish EXIT
trap 'exit 0' TERM INT HUP

run() { # command...: in the background, so that a signal is seen while it runs
  "$@" &
  wait $!
}

start() { # name command...: one daemon in the foreground of our group
  local name=$1
  shift
  setpriv --pdeathsig KILL "$@" >>"$dir/log/$name.out.log" 2>&1 &
  pids[$name]=$!
}

for p in "$port" $((port + 1)); do
  ! (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || fail "port $p is in use"
done
echo $$ >"$dir/run/s3.pid"
[ -n "${S3_DETACHED:-}" ] || watch_parent 9>&- &
watcher=$!
export CEPH_CONF=$dir/ceph.conf
rm -f "$dir"/log/*.log

first=1
if [ "$(cat "$dir/ready" 2>/dev/null)" = bluestore ] && [ "$store" = bluestore ]; then first=0; fi
if [ $first = 1 ]; then
  rm -rf "$dir"/{ceph.conf,ready,keys,upload-keys,fsid,mon,osd,monmap}
  mkdir -p "$dir"/{mon,osd}
  uuidgen >"$dir/fsid"
fi
fsid=$(cat "$dir/fsid")

cat >"$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon host = $monitor
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
run dir = $dir/run
admin socket =
pid file =
log file = $dir/log/\$name.log
debug default = 0/0
debug ms = 0/0
debug rgw = 0/0
debug osd = 0/0
debug mon = 0/0
debug paxos = 0/0
debug bluestore = 0/0
debug rocksdb = 0/0
crash dir = $dir/log
mon data = $dir/mon
mon data avail warn = 0
mon data avail crit = 0
mon allow pool size one = true
mon max pg per osd = 1000
paxos propose interval = 0.05
paxos min wait = 0.01
osd data = $dir/osd
osd objectstore = $store
memstore device bytes = 17179869184
bluestore block size = 107374182400
bluestore cache autotune = false
bluestore cache size = 134217728
osd client watch timeout = 2
osd heartbeat interval = 1
osd heartbeat grace = 4
osd op queue = wpq
osd mclock skip benchmark = true
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$port
rgw thread pool size = 64
rgw dynamic resharding = false
rgw gc obj min wait = 5
rgw gc processor period = 5
rgw gc processor max time = 5
CONF

if [ $first = 1 ]; then
  monmaptool --create --clobber --fsid "$fsid" --addv a "$monitor" "$dir/monmap" >/dev/null
  ceph-mon -i a --mkfs --monmap "$dir/monmap"
else
  # The port may be another one than last time.
  ceph-mon -i a --extract-monmap "$dir/monmap" >/dev/null 2>&1
  monmaptool --rm a "$dir/monmap" >/dev/null
  monmaptool --addv a "$monitor" "$dir/monmap" >/dev/null
  ceph-mon -i a --inject-monmap "$dir/monmap"
fi
start monitor ceph-mon -f -i a

if [ $first = 1 ]; then
  osd_id=$(uuidgen)
  run ceph --connect-timeout 30 osd new "$osd_id" >/dev/null
  run ceph-osd -i 0 --mkfs --osd-uuid "$osd_id" >/dev/null 2>&1
fi
start osd ceph-osd -f -i 0

keys=$(printf '%s\n%s' "$access_key" "$secret_key" | sha256sum)
if [ "$(cat "$dir/keys" 2>/dev/null)" != "$keys" ]; then
  run timeout 60 radosgw-admin -n client.rgw user create --uid s3 --display-name s3 --access-key "$access_key" --secret "$secret_key" >/dev/null 2>&1 ||
    run timeout 60 radosgw-admin -n client.rgw key create --uid s3 --access-key "$access_key" --secret "$secret_key" >/dev/null
  echo "$keys" >"$dir/keys"
fi
keys=$(printf '%s\n%s' "$upload_access_key" "$upload_secret_key" | sha256sum)
if [ -n "$upload_access_key" ] && [ "$(cat "$dir/upload-keys" 2>/dev/null)" != "$keys" ]; then
  run timeout 60 radosgw-admin -n client.rgw subuser create --uid s3 --subuser s3:uploads --key-type s3 --access write \
    --access-key "$upload_access_key" --secret "$upload_secret_key" >/dev/null 2>&1 ||
    run timeout 60 radosgw-admin -n client.rgw key create --uid s3 --subuser s3:uploads --key-type s3 \
      --access-key "$upload_access_key" --secret "$upload_secret_key" >/dev/null
  echo "$keys" >"$dir/upload-keys"
fi
start gateway radosgw -f -n client.rgw
for ((i = 0; ; i++)); do
  curl -sfo /dev/null "http://127.0.0.1:$port/" 9>&- && break
  kill -0 "${pids[gateway]}" 2>/dev/null || fail "the gateway ended"
  [ $i -lt 600 ] || fail "the gateway did not answer within 60 s"
  sleep 0.1 9>&-
done
echo "$store" >"$dir/ready"
echo "S3 ready: http://127.0.0.1:$port"

while :; do
  sleep 0.5 9>&- &
  sleeper=$!
  wait "$sleeper" || true
  for name in "${!pids[@]}"; do
    kill -0 "${pids[$name]}" 2>/dev/null || fail "$name ended"
  done
done
