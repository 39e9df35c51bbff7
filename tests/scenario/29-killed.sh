# Whatever is killed, whenever: each session has a start and an end on record,
# its recording plays, and nothing is left that runs or waits.
# shellcheck shell=bash

RUNS=${KILL_RUNS:-40}
issue alice web

cat >/home/deploy/show.sh <<'END2'
i=0
while [ $i -lt 400 ]; do i=$((i + 1)); echo "line $i of what is shown ü€"; done
sleep 0.4
while [ $i -lt 800 ]; do i=$((i + 1)); echo "line $i of what is shown ü€"; done
END2

# victims KIND: the pids of it that serve the session which is there now
victims() {
  case $1 in
  keeper) pgrep -P "$KEEPER" ;;
  recorder) pgrep -f '^recorder ' ;;
  wrapper) pgrep -f '^/usr/libexec/countersign/session' ;;
  shell) pgrep -u deploy -f '^sh show.sh' ;;
  postauth) pgrep -f '^sshd: deploy@' ;;
  monitor) pgrep -f '^sshd: deploy \[priv\]' ;;
  esac
}

has_connection() { [ -n "$(ls -A /run/countersign/conn)" ]; }

# nothing_left: no process and no file of a connection
nothing_left() {
  ! pgrep -f '^recorder |^/usr/libexec/countersign/session|^sshd: deploy' >/dev/null &&
    [ -z "$(pgrep -P "$KEEPER")" ] && ! pgrep -u deploy >/dev/null &&
    [ -z "$(find /run/countersign/conn /run/countersign/state -mindepth 1 ! -name .lock)" ] &&
    [ -z "$(find /var/log/countersign/recordings -name '*.cast')" ]
}

# check_cast FILE: it begins and ends as it must, each line is an event, and
# what it shows is the beginning of what the program shows
check_cast() {
  zstd -qdcf "$1" | python3 -c '
import json, sys
lines = [json.loads(l) for l in sys.stdin.buffer.read().decode().splitlines()]
assert lines[0]["version"] == 2
assert all(len(l) == 3 and isinstance(l[2], str) for l in lines[1:])
assert lines[-1][1] == "x", lines[-1]
shown = "".join(l[2] for l in lines[1:] if l[1] == "o").replace("\r", "")
whole = "".join("line %d of what is shown ü€\n" % i for i in range(1, 801))
assert whole.startswith(shown), shown[-200:]
seen = open(sys.argv[1], "rb").read().decode(errors="ignore").replace("\r", "")
seen = seen.split("\ncountersign: ")[0].rstrip("\n")
assert shown.startswith(seen), (seen[-100:], shown[-100:])
' "$LAB/seen" 2>"$LAB/why" || fail "the recording after $kind was killed: $(cat "$LAB/why")"
}

declare -A hit=()
hits=0 recorded=0
for ((run = 0; run < RUNS; run++)); do
  kinds=(keeper recorder wrapper shell postauth monitor)
  kind=${kinds[run % 6]}
  STORY="run $run: $kind"
  fresh
  timeout 20 ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt deploy@web1 'sh show.sh' >"$LAB/seen" 2>"$LAB/err" </dev/null &
  client=$!
  # From the moment of the login on, at some point of the half second after.
  wait_until "there is a connection" has_connection
  sleep "0.$(printf '%03d' $((RANDOM % 450)))"
  for pid in $(victims "$kind"); do kill -9 "$pid" 2>/dev/null && hit[$kind]=1 && hits=$((hits + 1)); done
  wait $client
  wait_until "nothing is left after $kind was killed: $(pgrep -alu deploy)" nothing_left
  [ "$(count_events '.event=="connection.start"')" = 1 ] || continue
  event '.event=="connection.end"'
  [ "$(count_events '.event=="session.start"')" = "$(count_events '.event=="session.end"')" ] || fail "a session has no end"
  path=$(events '.event=="session.end"' | jq -r '.recording.path // empty')
  [ -n "$path" ] || continue
  check_cast "$path.zst"
  recorded=$((recorded + 1))
done
STORY="all of it"
echo "- $RUNS runs, $hits processes killed (${!hit[*]}), $recorded recordings"
[ ${#hit[@]} = 6 ] && [ $recorded -ge $((RUNS / 2)) ] || fail "too little was killed to say anything"
