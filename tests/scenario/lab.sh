# The lab: a host "web1" with the installed tree, and the words that scenarios
# are written in. Started by ./run inside fresh namespaces, as their pid 1.
# shellcheck shell=bash
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
EVENTS=/var/log/countersign/events.jsonl

# ---- the host ------------------------------------------------------------

lab_overlay() {
  local folder
  mount --make-rprivate /
  mount -t tmpfs tmpfs "$LAB"
  for folder in etc usr var home root; do
    mkdir -p "$LAB/$folder/upper" "$LAB/$folder/work"
    mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$LAB/$folder/upper,workdir=$LAB/$folder/work" "/$folder"
  done
  mount -t tmpfs -o mode=755 tmpfs /run
}

lab_dev() {
  local dev=$LAB/dev node
  mkdir "$dev"
  mount -t tmpfs -o mode=755 tmpfs "$dev"
  for node in null zero full random urandom tty; do
    touch "$dev/$node"
    mount --bind "/dev/$node" "$dev/$node"
  done
  mkdir "$dev/pts" "$dev/shm"
  mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$dev/pts"
  ln -s pts/ptmx "$dev/ptmx"
  ln -s /proc/self/fd "$dev/fd"
  ln -s fd/0 "$dev/stdin"
  mount --move "$dev" /dev
}

lab_install() {
  DESTDIR='' cmake --install "$BUILD" >"$LAB/install.log" 2>&1 ||
    lab_die "cmake --install failed: $(tail -3 "$LAB/install.log")"
  # The edit that README.md asks for.
  sed -i 's/^module(load="imuxsock").*/module(load="imuxsock" SysSock.Annotate="on" SysSock.ParseTrusted="on")/' /etc/rsyslog.conf
  sed -i '/^module(load="imklog"/d' /etc/rsyslog.conf
  printf 'ServerHostname web1\nLabel env=prod\nLabel tier=web1\n' >/etc/countersign/node.conf
}

# account LOGIN SHELL
account() {
  useradd --create-home --shell "$2" "$1" 2>/dev/null ||
    lab_die "cannot make the account $1"
}

lab_accounts() {
  local login
  for login in alice deploy mallory; do
    account "$login" /bin/bash
  done
}

lab_ca() {
  mkdir -m 700 "$LAB/keys"
  countersign init --no-passphrase -q "$LAB/ca" || lab_die "no CA"
  cp "$LAB/ca/user_ca.pub" /etc/countersign/user_ca.pub
  ssh-keygen -q -t ed25519 -N '' -f "$LAB/keys/key"
  ssh-keygen -A >/dev/null
  mkdir -p /root/.ssh
  chmod 700 /root/.ssh
  awk '{ print "web1 " $1 " " $2 }' /etc/ssh/ssh_host_ed25519_key.pub >/root/.ssh/known_hosts
  cat >"$LAB/ssh_config" <<END
Host *
  UserKnownHostsFile /root/.ssh/known_hosts
  HostKeyAlias web1
  HostName 127.0.0.1
  IdentitiesOnly yes
  BatchMode yes
  LogLevel ERROR
  ControlPath $LAB/control-%C
END
}

# The hooks, as README.md says.
lab_setup() {
  mkdir -p /run/sshd
  countersign-node setup --no-confirm >"$LAB/setup.out" 2>&1 || lab_die "setup failed: $(cat "$LAB/setup.out")"
}

lab_rsyslog() {
  rsyslogd -n 2>"$LAB/rsyslog.err" &
  wait_until "rsyslog listens" test -S /run/countersign/input/log -a -S /dev/log
}

lab_keeper() {
  /usr/libexec/countersign/keeper --listen &
  KEEPER=$!
  wait_until "the keeper listens" test -S /run/countersign/keeper.sock
}

lab_sshd() {
  mkdir -p /run/sshd
  /usr/sbin/sshd -D 2>"$LAB/sshd.err" &
  SSHD=$!
  wait_until "sshd listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/22' 2>/dev/null
}

# It writes its pid file once it has read its configuration and listens.
sshd_reload() {
  rm /run/sshd.pid
  kill -HUP "$SSHD"
  wait_until "sshd has read its configuration again" test -s /run/sshd.pid
}

lab_die() {
  printf 'lab: %s\n' "$1" >&2
  exit 1
}

# outside COMMAND: in the background, in the kernel's first PID and network
# namespaces, with the lab's files; ./run does it
outside() {
  printf '%s\n' "$*" >&8
}

# Seconds that what must come may take: a busy machine is no fault of ours,
# and what comes at once is not waited for.
PATIENCE=30

# Its commands say nothing of their own.
wait_until() {
  local what=$1 until=$((SECONDS + PATIENCE))
  shift
  while ((SECONDS < until)); do
    "$@" >/dev/null && return 0
    sleep 0.02
  done
  lab_die "waited in vain until $what"
}

# ---- what a scenario says ------------------------------------------------

story() {
  STORY=$1
  printf '%s\n' "- $1"
}

fail() {
  {
    printf 'FAILED: %s\n  story:  %s\n  line:   %s\n' "$1" "${STORY-}" "${BASH_LINENO[*]}"
    printf '  status: %s\n' "${STATUS-}"
    [ -e "$LAB/out" ] && printf '  stdout: %s\n' "$(head -c 2000 "$LAB/out" | cat -v)"
    [ -e "$LAB/err" ] && printf '  stderr: %s\n' "$(head -c 2000 "$LAB/err" | cat -v)"
    printf '  events:\n'
    tail -n 12 $EVENTS 2>/dev/null | cut -c 1-1500
    printf '  sshd:\n'
    tail -n 12 /var/log/auth.log 2>/dev/null
    tail -n 3 "$LAB/rsyslog.err" 2>/dev/null
  } >&2
  exit 1
}

# policy: the policy, from stdin, as root would put it there
policy() {
  install -m 640 -o root -g _countersign /dev/stdin /var/lib/countersign/policy.json
}

# The policy that most stories need.
usual_policy() {
  policy <<END
{ "version": 1, "roles": {
    "web": { "allow": { "logins": ["deploy", "{{user.local}}"],
                        "node_labels": { "env": ["staging", "prod"], "tier": ["web*"] } },
             "deny": { "logins": ["root"] },
             "options": { "port_forwarding": true, "agent_forwarding": true } },
    "db":  { "allow": { "logins": ["deploy"], "node_labels": { "tier": ["db*"] } } },
    "ops": { "allow": { "logins": ["root", "alice", "deploy"], "node_labels": { "*": ["*"] } },
             "options": { "port_forwarding": true } } } }
END
}

# issue NAME ROLE [ROLE...] [-- SIGN-OPTIONS]: a certificate for NAME@example.com
issue() {
  local name=$1 roles=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    roles+=(--role "$1")
    shift
  done
  [ $# -gt 0 ] && shift
  cp "$LAB/keys/key" "$LAB/keys/$name"
  cp "$LAB/keys/key.pub" "$LAB/keys/$name.pub"
  countersign sign -q --ca "$LAB/ca" --user "$name@example.com" "${roles[@]}" "$@" \
    "$LAB/keys/$name.pub" || fail "no certificate for $name"
}

# by_keygen NAME CA-KEY SSH-KEYGEN-OPTIONS...: the same by ssh-keygen
by_keygen() {
  local name=$1 ca=$2
  shift 2
  cp "$LAB/keys/key" "$LAB/keys/$name"
  cp "$LAB/keys/key.pub" "$LAB/keys/$name.pub"
  ssh-keygen -q -s "$ca" "$@" "$LAB/keys/$name.pub" || lab_die "ssh-keygen -s failed"
}

# split ARG...: OPTIONS are those before --, COMMAND what follows
split() {
  OPTIONS=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    OPTIONS+=("$1")
    shift
  done
  [ $# -gt 0 ] && shift
  COMMAND=("$@")
}

# ssh_stays NAME LOGIN [OPTION...] [-- COMMAND...]: plain ssh that goes on in
# the background as $CLIENT, for ssh_goes to end
ssh_stays() {
  split "${@:3}"
  ssh -F "$LAB/ssh_config" -i "$LAB/keys/$1" "${OPTIONS[@]}" -l "$2" web1 "${COMMAND[@]}" \
    >/dev/null 2>"$LAB/err" </dev/null &
  CLIENT=$!
}
ssh_goes() {
  kill "$CLIENT"
  wait "$CLIENT" 2>/dev/null
}

# as NAME LOGIN [OPTION...] -- COMMAND...: and what came of it
as() {
  split "${@:3}"
  runs ssh -F "$LAB/ssh_config" -i "$LAB/keys/$1" "${OPTIONS[@]}" -l "$2" web1 "${COMMAND[@]}"
}

runs() {
  timeout --foreground "${RUNS_FOR-60}" "$@" >"$LAB/out" 2>"$LAB/err" </dev/null
  STATUS=$?
}

exits() { [ "$STATUS" -eq "$1" ] || fail "exit status is $STATUS, not $1"; }
says() { [ "$(cat "$LAB/out")" = "$1" ] || fail "stdout is not '$1'"; }
warns() { grep -q -- "$1" "$LAB/err" || fail "stderr does not say '$1'"; }
silent() { [ -s "$LAB/err" ] && fail "stderr is not empty"; }
refused() {
  exits 255
  warns 'Permission denied'
}

events() { jq -c "select($1)" $EVENTS 2>/dev/null; }

# event FILTER: such an event there must be, at once or soon
event() {
  local until=$((SECONDS + PATIENCE))
  while ((SECONDS < until)); do
    [ -n "$(events "$1")" ] && return 0
    sleep 0.02
  done
  fail "no event with $1"
}

# no_event FILTER: there must be none, once all connections have ended
no_event() {
  settled
  [ -z "$(events "$1")" ] || fail "an event with $1: $(events "$1" | head -n 1)"
}

count_events() { events "$1" | wc -l; }

# Every connection that began has ended in the log.
settled() {
  local until=$((SECONDS + PATIENCE))
  while ((SECONDS < until)); do
    [ "$(count_events '.event=="connection.start"')" -eq \
      "$(count_events '.event=="connection.end"')" ] && return 0
    sleep 0.02
  done
  fail "a connection did not end"
}

# fresh: earlier events no longer count (they are checked first)
fresh() {
  settled
  check_events
  : >"$EVENTS"
}

check_events() {
  "$here/check-events" "$root/docs/events.schema.json" $EVENTS >"$LAB/check" 2>&1 ||
    fail "events are not as they must be: $(head -n 5 "$LAB/check")"
}

# ---- the same host without us, on port 2222 -------------------------------

# plain_sshd LOGIN...: a stock sshd beside ours; the logins have a key there
plain_sshd() {
  local login
  ln -s /usr/sbin/sshd /usr/sbin/plainsshd
  grep -v pam_countersign /etc/pam.d/sshd >/etc/pam.d/plainsshd
  grep -v '^Include' /etc/ssh/sshd_config >"$LAB/plain_config"
  echo "AuthorizedKeysFile $LAB/plain-%u" >>"$LAB/plain_config"
  echo 'StrictModes no' >>"$LAB/plain_config"
  for login; do
    cp "$LAB/keys/key.pub" "$LAB/plain-$login"
  done
  chmod 755 "$LAB"
  # shellcheck disable=SC2086
  /usr/sbin/plainsshd -D -p 2222 -f "$LAB/plain_config" ${PLAIN_OPTIONS-} -o PidFile=none 2>"$LAB/plain.err" &
  wait_until "the plain sshd listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/2222' 2>/dev/null
}

# plainly LOGIN [OPTION...] -- COMMAND...: as `as`, on the plain sshd
plainly() {
  split "${@:2}"
  runs ssh -F "$LAB/ssh_config" -p 2222 -i "$LAB/keys/key" "${OPTIONS[@]}" -l "$1" web1 "${COMMAND[@]}"
}

# alike NAME LOGIN [OPTION...] -- COMMAND...: output, errors and status are those
# of the plain sshd
alike() {
  local name=$1 login=$2
  shift 2
  plainly "$login" "$@"
  cp "$LAB/out" "$LAB/plain.out"
  cp "$LAB/err" "$LAB/plain.errors"
  local plain=$STATUS
  as "$name" "$login" "$@"
  [ "$STATUS" = "$plain" ] || fail "status $STATUS, on a plain sshd $plain: $*"
  cmp -s "$LAB/out" "$LAB/plain.out" ||
    fail "stdout differs from a plain sshd's: $* $(diff -a "$LAB/plain.out" "$LAB/out" | head -n 8)"
  cmp -s "$LAB/err" "$LAB/plain.errors" ||
    fail "stderr differs from a plain sshd's: $* $(diff -a "$LAB/plain.errors" "$LAB/err" | head -n 8)"
}

# ---- one run -------------------------------------------------------------

lab_start() {
  lab_overlay
  lab_dev
  hostname web1
  ip link set lo up
  export HOME=/root LC_ALL=C.UTF-8
  export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  unset SSH_AUTH_SOCK
  cd /
  lab_install
  lab_accounts
  lab_ca
  usual_policy
  lab_setup
}

lab_services() {
  lab_rsyslog
  lab_keeper
  lab_sshd
}

lab_start
[ "${LAB_NO_SERVICES-}" ] || lab_services
# shellcheck source=/dev/null
. "$1"
if [ -s $EVENTS ]; then
  settled
  check_events
fi
printf 'ok %s\n' "$(basename "$1")"
exit 0
