# What ./eng/up --silos adds: PostgreSQL, silos and front ends as processes of their own. Sourced, never run.
# Uses: $data, $silos, $apis, $silo_binary, $api_binary.

front_end_stop_seconds=8
silo_stop_seconds=9
postgres_stop_seconds=8

declare -A ports_of=()
front_end_mode=client # cohost where the operator asks for it: then front ends are silos too.

log_of() { echo "$data/logs/$1.log"; }

# The secret of the cluster and the key of access tokens: made once, so that logins and rotations survive restarts. Handed
# over by the environment, which other users can't see; what the operator has set wins.
prepare_secrets() {
  local file=$data/cluster.secrets secret kid key
  if [ ! -s "$file" ]; then
    (umask 077 && echo "$(random_hex 32) $(random_hex 4) $(head -c 32 /dev/urandom | base64 -w 0)" >"$file.new" && mv "$file.new" "$file")
  fi
  read -r secret kid key <"$file"
  export GrainVault__Cluster__Secret=${GrainVault__Cluster__Secret:-$secret}
  if [ -z "${GrainVault__Auth__SigningKeys__0__Secret:-}" ]; then
    export GrainVault__Auth__SigningKeys__0__Kid=$kid GrainVault__Auth__SigningKeys__0__Secret=$key
  fi
  # Whoever starts a cluster on one machine signs up first, and is its administrator.
  export GrainVault__Auth__FirstAccountIsAdmin=${GrainVault__Auth__FirstAccountIsAdmin:-true}
}

# Silos that come back under other addresses would have to wait for the entries of those that they replace.
prepare_ports() {
  local name silo gateway health
  [ "${GrainVault__Cluster__Mode:-}" != cohost ] || front_end_mode=cohost
  if [ -s "$data/ports" ]; then
    while read -r name silo gateway health; do ports_of[$name]="$silo $gateway $health"; done <"$data/ports"
  fi
  for name in $(names_of silo "$silos") $([ "$front_end_mode" = client ] || names_of api "$apis"); do
    read -r silo gateway health <<<"${ports_of[$name]:-0 0 0}"
    if [ "$silo" = 0 ] || answers "$silo" ""; then free_port silo 1; fi
    if [ "$gateway" = 0 ] || answers "$gateway" ""; then free_port gateway 1; fi
    if [ "$health" = 0 ] || answers "$health" ""; then free_port health 1; fi
    ports_of[$name]="$silo $gateway $health"
  done
  for name in "${!ports_of[@]}"; do echo "$name ${ports_of[$name]}"; done | sort -V >"$data/ports.new"
  mv "$data/ports.new" "$data/ports"
}

uses_own_postgres() {
  [ -z "${GrainVault__Postgres__ConnectionString:-}" ] &&
    { [ -z "${GrainVault__Postgres__Identity:-}" ] || [ -z "${GrainVault__Postgres__Catalogue:-}" ] || [ -z "${GrainVault__Postgres__Cluster:-}" ]; }
}

own_postgres=
start_postgres() { # An empty connection string, since the variable is set for the others by the time of a restart.
  local again=()
  [ -z "${GrainVault__Postgres__ConnectionString:-}" ] || again=(--keep-port)
  GrainVault__Postgres__ConnectionString='' GrainVault__Data__Directory="$data" start postgres-host "$(log_of postgres)" \
    "$silo_binary" postgres --ready-file "$data/run/postgres.ready" "${again[@]}"
}

prepare_postgres() {
  if [ "${GrainVault__Postgres__ProcessCountMax:-4}" -lt $((silos + apis)) ]; then export GrainVault__Postgres__ProcessCountMax=$((silos + apis)); fi
  if uses_own_postgres; then own_postgres=1; else return 0; fi
  rm -f "$data/run/postgres.ready"
  rotate_log "$(log_of postgres)"
  start_postgres
}

await_postgres() {
  [ -n "$own_postgres" ] || return 0
  wait_until "PostgreSQL" postgres-host "$(log_of postgres)" test -e "$data/run/postgres.ready"
  [ -z "$stopping" ] || return 0
  export GrainVault__Postgres__ConnectionString="$(cat "$data/postgres.connection")"
  [[ $GrainVault__Postgres__ConnectionString =~ [Pp]ort=([0-9]+) ]]
  say "postgres: process $(cat "$data/run/postgres.pid"), port ${BASH_REMATCH[1]}, log $(log_of postgres)"
}

# start_member NAME MODE COMMAND...
start_member() {
  local name=$1 mode=$2 silo gateway health
  shift 2
  read -r silo gateway health <<<"${ports_of[$name]:-0 0 0}"
  rotate_log "$(log_of "$name")"
  start "$name" "$(log_of "$name")" env GrainVault__Data__Directory="$data" GrainVault__Cluster__Mode="$mode" GrainVault__Cluster__SiloName="$name" \
    GrainVault__Cluster__AdvertisedIp="${GrainVault__Cluster__AdvertisedIp:-127.0.0.1}" GrainVault__Cluster__SiloPort="$silo" \
    GrainVault__Cluster__GatewayPort="$gateway" GrainVault__Cluster__HealthUrl="http://127.0.0.1:$health" "$@"
}

start_silo() { # number
  local name=silo-$1 silo gateway health
  start_member "$name" cohost "$silo_binary"
  read -r silo gateway health <<<"${ports_of[$name]}"
  say "$name: process ${pid_of[$name]}, silo port $silo, gateway port $gateway, health and metrics http://127.0.0.1:$health, log $(log_of "$name")"
}

start_front_end() { # number
  local name=api-$1 addresses silo gateway
  addresses=$(urls_of "$1")
  start_member "$name" "$front_end_mode" env ASPNETCORE_URLS="$addresses" "$api_binary"
  read -r silo gateway _ <<<"${ports_of[$name]:-}"
  [ "$front_end_mode" = client ] || addresses+=", silo port $silo, gateway port $gateway"
  say "$name: process ${pid_of[$name]}, $addresses, log $(log_of "$name")"
}

names_of() { # kind count
  local number
  for ((number = 1; number <= $2; number++)); do echo "$1-$number"; done
}

start_stores() {
  (umask 077 && mkdir -p "$data/logs")
  silos=0 prepare_postgres
  prepare_s3
  [ "${#pid_of[@]}" != 0 ] || fail "nothing to start: PostgreSQL and the objects of '$data' are elsewhere"
  await_postgres
}

start_cluster() {
  local number health addresses
  (umask 077 && mkdir -p "$data/logs")
  prepare_secrets
  prepare_ports
  prepare_postgres
  prepare_s3
  await_postgres
  [ -z "$stopping" ] || return 0
  # All at once: front ends wait for gateways, and silos for whoever migrates first.
  for ((number = 1; number <= silos; number++)); do start_silo "$number"; done
  for ((number = 1; number <= apis; number++)); do start_api "$number"; done
  for ((number = 1; number <= silos; number++)); do
    read -r _ _ health <<<"${ports_of[silo-$number]}"
    wait_until "silo-$number" "silo-$number" "$(log_of "silo-$number")" answers "$health" /healthz/ready
  done
  for ((number = 1; number <= apis; number++)); do
    addresses=$(urls_of "$number")
    wait_until "front end $number" "api-$number" "$(log_of "api-$number")" answers "$(port_of "$addresses")" "$(ready_path_of "$addresses")"
  done
}

stop_cluster() {
  end_processes "$front_end_stop_seconds" $(names_of api "$apis")
  end_processes "$silo_stop_seconds" $(names_of silo "$silos")
}
