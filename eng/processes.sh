# The processes of ./eng/up: started in the foreground of its group, watched, started again, stopped. Sourced, never run.
# Uses: $data, lock_fd (optional). Keeps: pid_of[name], due_at[name] (microseconds, for those that are started again).

restart_delay_seconds=1
ready_wait_seconds=180
log_size_max=$((16 << 20)) # Bytes of a log that a start still appends to; older ones are kept as .1 to .3.
start_refused_code=2

declare -A pid_of=() due_at=()
stopping= interrupted_sleep=

is_alive() { # pid: no child process, since this is asked often
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  stat=${stat##*) }
  [ "${stat%% *}" != Z ]
}

# start NAME LOG COMMAND...: a direct child in our process group, without the lock, that ends when we are killed. With an
# empty LOG it writes where we write.
start() {
  local name=$1 log=$2
  shift 2
  tie
  set -- "${tied[@]}" "$@"
  (
    [ -z "${lock_fd:-}" ] || exec {lock_fd}>&-
    [ -z "$log" ] || exec >>"$log" 2>&1
    exec "$@"
  ) &
  pid_of[$name]=$!
  # In one step: supervisors and people read it at any time.
  echo "$!" >"$data/run/$name.pid.new"
  mv "$data/run/$name.pid.new" "$data/run/$name.pid"
}

rotate_log() { # file
  local age
  [ -e "$1" ] && [ "$(stat -c %s "$1")" -gt "$log_size_max" ] || return 0
  for age in 2 1; do [ ! -e "$1.$age" ] || mv "$1.$age" "$1.$((age + 1))"; done
  mv "$1" "$1.1"
}

# A process that an ./eng/up left behind when it alone was killed. Only the binary that the kernel names counts as ours.
stop_leftover() { # name program seconds
  local file=$data/run/$1.pid pid
  pid=$(cat "$file" 2>/dev/null || true)
  if [[ $pid =~ ^[0-9]+$ ]] && [ "$(readlink "/proc/$pid/exe" 2>/dev/null)" = "$2" ]; then
    say "stopping $1 (process $pid) of an earlier run"
    pid_of[$1]=$pid
    end_processes "$3" "$1"
    unset "pid_of[$1]"
  fi
  rm -f "$file"
}

any_alive() { # name...
  local name
  for name; do
    if [ -n "${pid_of[$name]:-}" ] && is_alive "${pid_of[$name]}"; then return 0; fi
  done
  return 1
}

# end_processes SECONDS NAME...: SIGTERM to all of them, after the time SIGKILL to those that are left.
end_processes() {
  local seconds=$1 name tenths=$(($1 * 10))
  shift
  for name; do [ -z "${pid_of[$name]:-}" ] || kill "${pid_of[$name]}" 2>/dev/null || true; done
  while [ "$tenths" -gt 0 ] && any_alive "$@"; do
    sleep 0.1
    tenths=$((tenths - 1))
  done
  for name; do
    [ -n "${pid_of[$name]:-}" ] || continue
    if is_alive "${pid_of[$name]}"; then
      say "$name (process ${pid_of[$name]}) did not stop within $seconds s; killing it"
      kill -9 "${pid_of[$name]}" 2>/dev/null || true
    fi
    wait "${pid_of[$name]}" 2>/dev/null || true
    rm -f "$data/run/$name.pid"
  done
}

answers() { # port path: true when the port takes connections, and the path answers 200
  exec 8<>"/dev/tcp/127.0.0.1/$1" || return 1
  [ -n "$2" ] || { exec 8>&-; return 0; }
  local status=
  printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' "$2" >&8
  read -r -t 5 _ status _ <&8 || true
  exec 8>&-
  [ "$status" = 200 ]
} 2>/dev/null

# A port below the range from which the kernel takes the ports of outgoing connections; COUNT neighbours are free.
free_port() { # variable count
  local found=0 neighbour
  while [ "$found" = 0 ]; do
    found=$((RANDOM % 10000 * 2 + 12000))
    for ((neighbour = 0; neighbour < $2; neighbour++)); do
      if answers $((found + neighbour)) ""; then found=0 && break; fi
    done
  done
  printf -v "$1" %s "$found"
}

# wait_until WHAT NAME LOG CONDITION...: until the condition holds; a process that ends before that ends everything.
wait_until() {
  local what=$1 name=$2 log=$3 tenths=$((ready_wait_seconds * 10)) code
  shift 3
  until "$@"; do
    [ -z "$stopping" ] || return 0
    if ! is_alive "${pid_of[$name]}"; then
      code=0
      wait "${pid_of[$name]}" || code=$?
      [ -z "$stopping" ] || return 0
      say "$what ended with code $code before it was ready" >&2
      [ -z "$log" ] || tail -n 5 "$log" >&2
      stop_all
      exit "$([ "$code" = "$start_refused_code" ] && echo "$code" || echo 1)"
    fi
    tenths=$((tenths - 1))
    if [ "$tenths" -le 0 ]; then
      say "$what was not ready within $ready_wait_seconds s" >&2
      [ -z "$log" ] || tail -n 20 "$log" >&2
      stop_all
      exit 1
    fi
    pause 0.1
  done
}

pause() { # A sleep that a signal ends at once.
  sleep "$1" &
  interrupted_sleep=$!
  wait "$interrupted_sleep" 2>/dev/null || true
}

end_pause() { [ -z "$interrupted_sleep" ] || { kill "$interrupted_sleep" && wait "$interrupted_sleep"; } 2>/dev/null || true; }

# Starts again what dies, each of them after its delay, while the others go on. start_KIND NUMBER starts KIND-NUMBER.
# No command substitution in here: a SIGINT that the shell gets while it waits for one that ends normally is lost to the trap.
supervise() {
  local name code now length running
  while [ -z "$stopping" ]; do
    for name in "${!pid_of[@]}"; do
      [ -z "${due_at[$name]:-}" ] && ! is_alive "${pid_of[$name]}" || continue
      code=0
      wait "${pid_of[$name]}" || code=$?
      say "$name: process ${pid_of[$name]} ended with code $code; starting it again in $restart_delay_seconds s" >&2
      due_at[$name]=$((${EPOCHREALTIME/[.,]/} + restart_delay_seconds * 1000000))
    done
    now=${EPOCHREALTIME/[.,]/}
    for name in "${!due_at[@]}"; do
      [ -z "$stopping" ] && [ "$now" -ge "${due_at[$name]}" ] || continue
      unset "due_at[$name]"
      "start_${name%%-*}" "${name##*-}"
    done
    [ -z "$stopping" ] || return 0
    # A death ends the wait; the sleep bounds it for one that came before the wait.
    length=1
    [ "${#due_at[@]}" = 0 ] || length=0.1
    sleep "$length" &
    interrupted_sleep=$!
    running=()
    for name in "${!pid_of[@]}"; do [ -n "${due_at[$name]:-}" ] || running+=("${pid_of[$name]}"); done
    wait -n "$interrupted_sleep" "${running[@]}" 2>/dev/null || true
    end_pause
  done
}
