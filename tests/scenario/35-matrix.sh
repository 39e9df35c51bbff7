# Everything that people do over ssh, in every shell, by either kind of role, is
# as on a plain sshd, and on record.
# shellcheck shell=bash

SHELLS=(bash dash zsh fish tcsh)
LOGINS=()
for shell in "${SHELLS[@]}"; do
  account "u-$shell" "$(command -v "$shell")"
  LOGINS+=("u-$shell")
done
policy <<END2
{ "version": 1, "roles": {
    "web":    { "allow": { "logins": ["u-bash", "u-dash", "u-zsh", "u-fish", "u-tcsh"], "node_labels": { "*": ["*"] } },
                "options": { "port_forwarding": true } },
    "strict": { "allow": { "logins": ["u-bash", "u-dash", "u-zsh", "u-fish"], "node_labels": { "*": ["*"] } },
                "options": { "port_forwarding": true, "record": "strict" } } } }
END2
issue web web
issue strict strict
plain_sshd "${LOGINS[@]}"
python3 -m http.server -b 127.0.0.1 -d "$root/docs" 8000 >/dev/null 2>&1 &
wait_until "the web server listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/8000' 2>/dev/null
head -c 200000 /dev/urandom >"$LAB/random"
mkdir -p "$LAB/tree/sub" && echo one >"$LAB/tree/one" && : >"$LAB/tree/sub/empty" && ln -s one "$LAB/tree/link"
git init -q "$LAB/repository"
(cd "$LAB/repository" && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first)
chmod -R a+rX "$LAB"/{random,tree,repository}
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' ANSIBLE_NOCOLOR=1 \
  ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3 ANSIBLE_LOCALHOST_WARNING=0

# Each says what a person would see of it, for login $1 by the options in SSH.
use_terminal() {
  (
    sleep 0.7
    echo "expr 6 '*' 7"
    sleep 0.3
    echo 'exit 3'
  ) | timeout 20 ssh "${SSH[@]}" -tt "$1@web1" 2>&1 | tr -d '\r' | grep -ao '42$'
  echo "status ${PIPESTATUS[1]}"
  timeout 20 ssh "${SSH[@]}" -tt "$1@web1" 'stty -a | head -n 1; tty | cut -c1-8; echo $TERM; sh -c "exit 4"' </dev/null 2>&1
  echo "status $?"
}
use_exec() {
  timeout 20 ssh "${SSH[@]}" "$1@web1" "sh -c 'cat; echo out; echo err >&2; exit 3'" <"$LAB/tree/one" 2>"$LAB/use.err"
  echo "status $?"
  cat "$LAB/use.err"
  timeout 20 ssh "${SSH[@]}" "$1@web1" "sh -c 'kill -TERM \$\$'" </dev/null 2>&1
  echo "status $?"
}
use_sftp() {
  printf 'put %s up\nget up %s\nls -l up\nrm up\n' "$LAB/random" "$LAB/random-back" >"$LAB/batch"
  timeout 20 sftp "${SSH[@]}" -b "$LAB/batch" "$1@web1" 2>&1 | sed -E 's/ +[A-Z][a-z]{2} +[0-9]+ [0-9:]+ / /; s/^(-rw[^ ]+ ) *[0-9?]+/\1/'
  cmp "$LAB/random" "$LAB/random-back" && echo same
}
copy() { # COMMAND... -- LOGIN
  local command=("${@:1:$#-2}")
  rm -rf "/home/${*: -1}/tree" "$LAB/came-back"
  timeout 20 "${command[@]}" "$LAB/tree" "${*: -1}@web1:" 2>&1
  echo "status $?"
  timeout 20 "${command[@]}" "${*: -1}@web1:tree" "$LAB/came-back" 2>&1
  echo "status $?"
  (cd "$LAB/came-back" && find . -type f | sort | xargs sha256sum)
  timeout 20 "${command[@]}" "${*: -1}@web1:nothing" "$LAB/nothing" 2>&1
  echo "status $?"
}
use_scp() { copy scp "${SSH[@]}" -r -- "$1"; }
use_scp_O() { copy scp "${SSH[@]}" -O -r -- "$1"; }
use_rsync() { copy rsync -a -e "ssh ${SSH[*]}" -- "$1"; }
use_git() {
  rm -rf "/home/$1/repository.git" "$LAB/cloned"
  git clone -q --bare "$LAB/repository" "/home/$1/repository.git"
  chown -R "$1:" "/home/$1/repository.git"
  GIT_SSH_COMMAND="ssh ${SSH[*]}" timeout 20 git clone "$1@web1:repository.git" "$LAB/cloned" 2>&1
  (
    cd "$LAB/cloned" || exit 1
    GIT_COMMITTER_DATE='2026-01-01T00:00Z' git -c user.name=a -c user.email=a@b commit -q --allow-empty --date 2026-01-01T00:00Z -m second
    GIT_SSH_COMMAND="ssh ${SSH[*]}" timeout 20 git push -q origin HEAD 2>&1
    echo "status $?"
  )
  git -C "/home/$1/repository.git" log --format=%s
}
use_ansible() {
  # Its master connection stays on for more commands, as it does by default.
  local -x ANSIBLE_SSH_CONTROL_PATH_DIR="$LAB/cp-${SSH[5]##*/}-$1"
  rm -f "/home/$1/copied"
  timeout 60 ansible all -i web1, -u "$1" --ssh-common-args "${SSH[*]}" -m copy -a "src=$LAB/random dest=copied" 2>&1 |
    jq -Rs '[splits("\n") | select(test("checksum|dest|mode|state|owner"))]'
  timeout 60 ansible all -i web1, -u "$1" --ssh-common-args "${SSH[*]}" -m shell -a 'echo out; echo err >&2; exit 3' 2>&1
  echo "status $?"
  ssh -o ControlPath="$(echo "$ANSIBLE_SSH_CONTROL_PATH_DIR"/*)" -O exit web1 2>/dev/null
}
use_mosh() {
  timeout 20 ssh "${SSH[@]}" "$1@web1" 'mosh-server new -i 127.0.0.1 -p 60001:60999 -l LANG=C.UTF-8 -l LC_ALL=C.UTF-8' </dev/null 2>"$LAB/use.err" |
    cat - "$LAB/use.err" | sed -E 's/[0-9]{5}/PORT/; s/[A-Za-z0-9+\/]{22}/KEY/; s/pid = [0-9]+/pid/'
  wait_until "the server is there" pgrep -u "$1" -x mosh-server
  pkill -u "$1" -x mosh-server
  echo lives
}
use_channels() {
  local i clients=()
  ssh "${SSH[@]}" -M -N "$1@web1" </dev/null >/dev/null 2>&1 &
  local master=$!
  wait_until "the master is there" ssh "${SSH[@]}" -O check "$1@web1" 2>/dev/null
  for i in 1 2 3 4 5; do
    timeout 20 ssh "${SSH[@]}" "$1@web1" "sh -c 'echo $i; sleep 0.2; exit $i'" </dev/null >"$LAB/channel.$i" 2>&1 &
    clients+=($!)
  done
  for i in 1 2 3 4 5; do
    wait "${clients[i - 1]}"
    echo "status $?"
    cat "$LAB/channel.$i"
  done
  kill "$master"
  wait "$master" 2>/dev/null
}
use_forwarding() {
  ssh "${SSH[@]}" -o ControlPath=none -N -L 9001:127.0.0.1:8000 "$1@web1" </dev/null >/dev/null 2>&1 &
  local client=$!
  wait_until "it works" curl -s -m 2 -o "$LAB/page" http://127.0.0.1:9001/FORMATS.md
  cmp "$LAB/page" "$root/docs/FORMATS.md" && echo same
  kill "$client"
  wait "$client" 2>/dev/null
}

# by PORT KEY: the options of ssh
by() { SSH=(-F "$LAB/ssh_config" -o "Port=$1" -i "$LAB/keys/$2" -o "SetEnv=LC_MARK=$2"); }
USES=(terminal exec sftp scp scp_O rsync git ansible mosh channels forwarding)
# How many sessions each is.
SESSIONS=(2 2 1 3 3 3 2 - 1 5 0)

for shell in "${SHELLS[@]}"; do
  for i in "${!USES[@]}"; do
    use=${USES[i]}
    by 2222 key
    "use_$use" "u-$shell" >"$LAB/plain.$use"
    for role in web strict; do
      [ "$role$shell" = stricttcsh ] && continue
      story "$shell, $role: $use"
      fresh
      by 22 "$role"
      "use_$use" "u-$shell" >"$LAB/ours.$use"
      cmp -s "$LAB/plain.$use" "$LAB/ours.$use" || fail "$(diff -a "$LAB/plain.$use" "$LAB/ours.$use")"
      event '.event=="connection.end"'
      wait_until "all have ended" bash -c "[ \$(grep -c '\"event\":\"connection.start\"' $EVENTS) = \$(grep -c '\"event\":\"connection.end\"' $EVENTS) ]"
      n=$(count_events '.event=="session.start"')
      [ "${SESSIONS[i]}" = - ] || [ "$n" = "${SESSIONS[i]}" ] || fail "$n sessions, not ${SESSIONS[i]}"
      [ "$n" = "$(count_events '.event=="session.end"')" ] || fail "not each has an end"
      no_event '.event=="recording.failed" or .event=="client.disconnect" or .event=="session.rejected"'
      if [ "$role" = strict ]; then
        [ "$n" = "$(count_events '.event=="session.end" and .recording.blake2b and .recording.bytes>100')" ] || fail "not each is on record"
      fi
    done
  done
done
