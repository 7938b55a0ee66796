# Shared by the scripts in this folder; sourced, never run.

repo_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
program=$(basename "$0")

say() { printf '%s: %s\n' "$program" "$*"; }

fail() {
  printf '%s: %s\n' "$program" "$*" >&2
  exit 1
}

usage_error() {
  printf '%s: %s\n' "$program" "$*" >&2
  exit 2
}

# Puts the .NET SDK on PATH, also when it was installed for one user only.
find_dotnet() {
  local folder
  if ! command -v dotnet >/dev/null; then
    for folder in "${DOTNET_ROOT:-}" "$HOME/.dotnet" /usr/share/dotnet /usr/lib/dotnet /opt/dotnet; do
      if [ -n "$folder" ] && [ -x "$folder/dotnet" ]; then
        export DOTNET_ROOT=$folder PATH="$folder:$PATH"
        break
      fi
    done
  fi
  command -v dotnet >/dev/null && (cd "$repo_root" && dotnet --version >/dev/null 2>&1) ||
    fail "the .NET 10 SDK is missing; install it with: curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0"
  # No compiler or build server outlives the script.
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
}

# True when a PostgreSQL server program is where GrainVault looks for it.
have_postgres() {
  local candidate
  for candidate in "${GrainVault__Postgres__BinDirectory:-/nonexistent}"/postgres $(type -aP postgres || true) \
    /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres /usr/local/pgsql/bin/postgres \
    /usr/local/opt/postgresql*/bin/postgres /opt/homebrew/opt/postgresql*/bin/postgres; do
    [ -x "$candidate" ] && return 0
  done
  return 1
}

have_program() { command -v "$1" >/dev/null; }

# Puts into the array TIED what makes a command end when we are killed, where the machine has it.
tie() {
  tied=()
  if have_program setpriv && setpriv --help 2>/dev/null | grep -q -- --pdeathsig; then tied=(setpriv --pdeathsig TERM); fi
}

progress_seconds=15 # Between two lines of a command that says nothing itself.

# with_progress WHAT LOG COMMAND...: says every few seconds how long the command has taken, and the last line of LOG (may be
# empty). The one who says it starts nothing and ends with us, however we end, since its input does; the command stays in the
# foreground.
with_progress() {
  local what=$1 log=$2 code=0 reader
  shift 2
  exec 7> >(say_progress "$what" "$log")
  reader=$!
  "$@" 7>&- || code=$?
  exec 7>&-
  wait "$reader" 2>/dev/null || true
  return "$code"
}

say_progress() { # what log
  local seconds=0 code line last
  while :; do
    code=0
    read -r -t "$progress_seconds" _ || code=$?
    [ "$code" -gt 128 ] || return 0 # No time-out: the end of the input.
    seconds=$((seconds + progress_seconds)) last=
    if [ -s "$2" ]; then while read -r line; do last=${line%% -> *}; done <"$2"; fi
    say "$1, $seconds s${last:+ (done: $last)}"
  done
}

# install_packages WHY PACKAGE...: with apt where that is allowed, otherwise says what is missing and ends.
install_packages() {
  local why=$1 become=()
  shift
  if ! have_program apt-get; then
    fail "$why; install what this system calls: $*"
  fi
  if [ "$(id -u)" != 0 ]; then
    if ! have_program sudo || ! sudo -n true 2>/dev/null; then
      fail "$why; run: sudo apt-get install --no-install-recommends $*"
    fi
    become=(sudo -n)
  fi
  say "$why; installing $*"
  # Debian would create and start a server of its own beside ours. Only said on machines that have no PostgreSQL yet.
  case " $* " in
    *" postgresql "*)
      if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        "${become[@]}" mkdir -p /etc/postgresql-common/createcluster.d
        echo 'create_main_cluster = false' | "${become[@]}" tee /etc/postgresql-common/createcluster.d/grainvault.conf >/dev/null
      fi
      ;;
  esac
  local install=("${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@")
  "${install[@]}" >/dev/null 2>&1 </dev/null && return
  "${become[@]}" apt-get -qq update </dev/null || true
  "${install[@]}" </dev/null >/dev/null || fail "installing $* failed"
}

need_postgres() { have_postgres || install_packages "no PostgreSQL server found" postgresql; }

# What the tests of web pages drive.
need_chromium() {
  have_program chromium || have_program chromium-browser || have_program google-chrome || install_packages "the tests of web pages need Chromium" chromium
}

need_s3_server() {
  local name
  for name in radosgw ceph-mon ceph-osd uuidgen curl; do
    have_program "$name" || {
      install_packages "the local S3 server needs $name" radosgw ceph-mon ceph-osd uuid-runtime curl
      return
    }
  done
}

# What ./eng/up runs, and from what it is built. The stamp has the time at which the newest build began.
api_binary=$repo_root/src/Api/bin/Release/net10.0/GrainVault.Api
silo_binary=$repo_root/src/Silo/bin/Release/net10.0/GrainVault.Silo
build_stamp=$repo_root/src/Api/bin/Release/up-to-date

build_sources() { # find arguments...: the files that a build depends on
  (cd "$repo_root" && find src compat sql global.json Directory.Build.props Directory.Build.targets Directory.Packages.props \
    eng/Orleans.local.props \( -name bin -o -name obj -o -name node_modules \) -prune -o -type f "$@" 2>/dev/null)
}

# True when no source file is newer than the stamp, and none has come or gone: the stamp holds a sum of their names.
is_built() {
  [ -x "$api_binary" ] && [ -x "$silo_binary" ] && [ -e "$build_stamp" ] && [ -z "$(build_sources -newer "$build_stamp" -print)" ] &&
    [ "$(cat "$build_stamp")" = "$(source_names)" ]
}

source_names() { build_sources -print | LC_ALL=C sort | cksum; }

# build_release LOG PROJECT...: one build in Release; what changes meanwhile is built at the next start.
build_release() {
  local started code=0
  started=$(mktemp)
  with_progress "still building" "$1.steps" build_projects "$@" || code=$?
  if [ "$code" = 0 ]; then
    source_names >"$build_stamp"
    touch -r "$started" "$build_stamp"
  fi
  rm -f "$started" "$1.steps"
  return "$code"
}

build_projects() { # log project...: errors into LOG, what has been restored and built into LOG.steps
  local log=$1 project
  shift
  tie
  for project in "$@"; do
    "${tied[@]}" dotnet build "$project" -c Release --nologo -v quiet "-clp:ErrorsOnly;NoSummary" \
      "-flp:Verbosity=minimal;Append;LogFile=$log.steps" >>"$log" 2>&1 || return 1
  done
}

# The local S3 server that ./eng/up --store s3 starts becomes the object store.
export_local_s3() { # port key secret
  export GrainVault__Objects__Provider=s3 GrainVault__Objects__S3__Endpoint=http://127.0.0.1:$1 GrainVault__Objects__S3__Profile=ceph \
    GrainVault__Objects__S3__AccessKey=$2 GrainVault__Objects__S3__SecretKey=$3 GrainVault__Objects__S3__ForcePathStyle=true \
    GrainVault__Objects__S3__Bucket="${GrainVault__Objects__S3__Bucket:-grainvault}" GrainVault__Objects__S3__Region=us-east-1
  # Keys of URLs that write: this server heeds headers that were not signed.
  GrainVault__Objects__S3__UploadAccessKey=${2}uploads
  GrainVault__Objects__S3__UploadSecretKey=$(printf 'uploads\n%s' "$3" | sha256sum | cut -c1-40)
  export GrainVault__Objects__S3__UploadAccessKey GrainVault__Objects__S3__UploadSecretKey
}

# What the last ./eng/up on $data runs with: the store that --store chose, and the local S3 server.
export_stores() {
  local port key secret
  if [ -s "$data/store" ]; then export GrainVault__Objects__Provider="$(cat "$data/store")"; fi
  if [ "${GrainVault__Objects__Provider:-disk}" = s3 ] && [ -z "${GrainVault__Objects__S3__Endpoint:-}" ] && [ -s "$data/s3.settings" ]; then
    read -r port key secret <"$data/s3.settings"
    export_local_s3 "$port" "$key" "$secret"
  fi
}

# Takes the machine's settings from .env in the repository; what the environment says already wins.
load_env_file() {
  local line name
  [ -f "$repo_root/.env" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    [[ $line =~ ^[A-Za-z_][A-Za-z0-9_]*= ]] || continue
    name=${line%%=*}
    [ -n "${!name+set}" ] || export "$name=${line#*=}"
  done <"$repo_root/.env"
}

port_of() {
  local url=${1%%;*}
  url=${url%/}
  [[ $url =~ :([0-9]+)$ ]] && echo "${BASH_REMATCH[1]}" && return
  case $url in https:*) echo 443 ;; *) echo 80 ;; esac
}

# The addresses of front end k: those of the first ($urls), with k - 1 added to the port.
urls_of() { # k
  local url all moved=()
  IFS=';' read -ra all <<<"$urls"
  for url in "${all[@]}"; do
    url=${url%/}
    [[ $url =~ :[0-9]+$ ]] || url=$url:$(port_of "$url")
    moved+=("${url%:*}:$((${url##*:} + $1 - 1))")
  done
  (IFS=';' && echo "${moved[*]}")
}

ready_path_of() { case $1 in http:*) echo /healthz/ready ;; *) echo ;; esac; }

random_hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; } # bytes
