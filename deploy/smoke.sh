#!/bin/sh
# smoke.sh [URL]
# Does the main job once on a running GrainVault, as any client would: signs up, uploads a file in parts and out of order,
# sends one part twice, completes, downloads, compares SHA-256, asks for a range, deletes. Exits 0 when every byte came back.
# URL: the front end or the load balancer before it; default SMOKE_URL, else http://127.0.0.1:8080.
#   SMOKE_SIZE_BYTES      size of the file; default 20 MiB and a bit, which is three parts
#   SMOKE_READY_SECONDS   longest wait for the system to be ready; default 120
# Leaves one account behind, which has no files. Needs sh, curl and sha256sum.
set -eu

url=${1:-${SMOKE_URL:-http://127.0.0.1:8080}}
url=${url%/}
size=${SMOKE_SIZE_BYTES:-20983865}
ready_seconds=${SMOKE_READY_SECONDS:-120}
call_seconds=120
retries=5

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM HUP
umask 077

say() { printf 'smoke: %s\n' "$*"; }

fail() {
  printf 'smoke: %s\n' "$*" >&2
  exit 1
}

random_hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

sum_of() { sha256sum "$1" | cut -d ' ' -f 1; }

# The first member of that name in a JSON answer.
field() { sed 's/[,{]/\n/g' "$2" | sed -n "s/^\"$1\":\"\{0,1\}\([^\"}]*\).*/\1/p" | head -n 1; }

# call WHAT EXPECTED_STATUS CURL_ARGUMENTS...: the body goes to $folder/answer. A client repeats what got 429 or 503, or lost
# its connection; every request below may be repeated.
call() {
  what=$1 expected=$2
  shift 2
  status=$(curl -sS --max-time "$call_seconds" --retry "$retries" --retry-connrefused --retry-all-errors \
    -o "$folder/answer" -w '%{http_code}' "$@") || fail "$what: no answer from $url"
  [ "$status" = "$expected" ] || fail "$what: status $status instead of $expected: $(head -c 1000 "$folder/answer")"
}

wait_until_ready() {
  waited=0
  until [ "$(curl -s -o /dev/null -m 5 -w '%{http_code}' "$url/healthz/ready")" = 200 ]; do
    [ "$waited" -lt "$ready_seconds" ] || fail "$url was not ready within $ready_seconds s"
    waited=$((waited + 1))
    sleep 1
  done
}

sign_up() {
  email="smoke-$(random_hex 8)@example.org" password=$(random_hex 16)
  printf '{"email":"%s","password":"%s"}' "$email" "$password" >"$folder/account"
  # Not repeated: the repeat of an answer that was lost would be 409.
  call "sign-up" 201 --retry 0 -H 'Content-Type: application/json' --data-binary "@$folder/account" "$url/v1/auth/signup"
  # In a file, since other users of a machine can see the arguments of a process.
  printf 'Authorization: Bearer %s\n' "$(field accessToken "$folder/answer")" >"$folder/token"
}

send_part() { # number
  dd if="$folder/file" of="$folder/part" bs="$part_size" skip=$(($1 - 1)) count=1 2>/dev/null
  call "part $1" 200 -H "@$folder/token" -H "X-Checksum-Sha256: $(sum_of "$folder/part")" -T "$folder/part" "$url/v1/uploads/$upload/parts/$1"
}

upload() {
  printf '{"name":"smoke-%s.bin","size":%s,"sha256":"%s"}' "$(random_hex 4)" "$size" "$sum" >"$folder/session"
  call "creation of the session" 201 -H "@$folder/token" -H 'Content-Type: application/json' -H "Idempotency-Key: $(random_hex 16)" \
    --data-binary "@$folder/session" "$url/v1/uploads"
  upload=$(field id "$folder/answer") part_size=$(field partSize "$folder/answer") part_count=$(field partCount "$folder/answer")
  for value in "$upload" "$part_size" "$part_count"; do
    [ -n "$value" ] || fail "the session has no id, partSize or partCount"
  done
  number=$part_count
  while [ "$number" -ge 1 ]; do
    send_part "$number"
    number=$((number - 1))
  done
  send_part 1
  call "completion" 201 -H "@$folder/token" -X POST "$url/v1/uploads/$upload/complete"
  file=$(field id "$folder/answer")
  say "uploaded $size bytes in $part_count parts as $file"
}

download() {
  call "download" 200 -H "@$folder/token" "$url/v1/files/$file/content"
  [ "$(sum_of "$folder/answer")" = "$sum" ] || fail "the file came back with SHA-256 $(sum_of "$folder/answer") instead of $sum"
  # Over the border of two parts where there are two.
  from=$((part_size - 1000)) to=$((part_size + 999))
  if [ "$part_count" -lt 2 ]; then from=0 to=$((size / 2)); fi
  call "range" 206 -H "@$folder/token" -H "Range: bytes=$from-$to" "$url/v1/files/$file/content"
  tail -c "+$((from + 1))" "$folder/file" | head -c $((to - from + 1)) >"$folder/range"
  cmp -s "$folder/range" "$folder/answer" || fail "bytes $from to $to differ"
}

wait_until_ready
head -c "$size" /dev/urandom >"$folder/file"
sum=$(sum_of "$folder/file")
sign_up
upload
download
call "deletion" 204 -H "@$folder/token" -X DELETE "$url/v1/files/$file?permanent=true"
say "ok: $url gave every byte back, SHA-256 $sum"
