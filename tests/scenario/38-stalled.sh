# A disk that takes nothing and says nothing: a filesystem that is frozen, as
# one on a dead server would be. Not even SIGKILL ends who waits for it.
# shellcheck shell=bash

RECORDINGS=/var/log/countersign/recordings
policy <<END2
{ "version": 1, "roles": {
    "web":    { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } } },
    "strict": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
                "options": { "record": "strict", "record_exec_max": "1MiB" } } } }
END2
issue alice web
issue bob strict

mknod /dev/loop-control c 10 237
for ((i = 0; i < 64; i++)); do
  mknod "/dev/loop$i" b 7 $i
done
truncate -s 1G "$LAB/disk"
mkfs.ext4 -q -F -O ^has_journal -E lazy_itable_init=1 "$LAB/disk"
if ! mount -o loop "$LAB/disk" $RECORDINGS; then
  # A kernel without loop devices, or a container that may not have them.
  story "SKIPPED: this machine has no disk that can be frozen"
  return 0
fi
chown root:adm $RECORDINGS
chmod 750 $RECORDINGS
thaw() {
  fsfreeze -u $RECORDINGS 2>/dev/null || true
}
trap thaw EXIT

# before S COMMAND...: the command comes true before so many seconds are over
before() {
  local i
  for ((i = 0; i < $1 * 10; i++)); do
    "${@:2}" >/dev/null && return 0
    sleep 0.1
  done
  return 1
}

# told USER FILTER: is there such an event of a session of theirs
told() {
  events ".user==\"$1@example.com\" and ($2)" | grep -q .
}

# begins NAME OUT OPTION COMMAND: a session that says "begun" and goes on
begins() {
  ssh -F "$LAB/ssh_config" -i "$LAB/keys/$1" "$3" deploy@web1 "$4" >"$2" 2>"$2.err" </dev/null &
  before 10 grep -q begun "$2" || fail "$1's session does not begin: $(cat "$2.err")"
}

# shown FILE.cast: what a recording shows, as bytes
shown() {
  python3 -c 'import json, sys
for line in list(open(sys.argv[1], encoding="utf-8", newline="\n"))[1:]:
    event = json.loads(line)
    if event[1] == "o": sys.stdout.buffer.write(event[2].encode())' "$1"
}

ticks='echo begun; for i in $(seq 80); do echo "tick $i"; sleep 0.1; done; exit 7'

story "best_effort: the session goes on after a moment, nothing of it is lost to the person, and that is told"
begins alice "$LAB/terminal" -tt "$ticks"
terminal=$!
begins alice "$LAB/short" -tt 'echo begun; sleep 1; exit 3'
short=$!
begins bob "$LAB/strict" -tt 'echo begun; sleep 2; seq 30; sleep 100; touch inside'
strict=$!
begins bob "$LAB/streams" -T 'echo begun; sleep 2; seq 30; sleep 100; touch inside'
streams=$!
fsfreeze -f $RECORDINGS
before 20 told alice '.event=="recording.failed" and .strict==false and (.reason|test("the disk does not answer"))' ||
  fail "nobody told that the disk does not answer"
wait "$terminal"
STATUS=$?
exits 7
{ echo begun; for i in $(seq 80); do echo "tick $i"; done; } | cmp - <(tr -d '\r' <"$LAB/terminal") || fail "the person saw something else"

story "a session that ends has its end on record at once, also where its recording has not"
wait "$short"
STATUS=$?
exits 3
before 15 told alice '.event=="session.end" and .exit_code==3' || fail "no end"
before 15 told alice '.event=="session.end" and .exit_code==7' || fail "no end"
before 15 told alice '.event=="connection.end"' || fail "the connection has no end"

story "one that begins now is not recorded, and goes on if it may"
as alice deploy -tt -- 'echo here; exit 4'
exits 4
grep -q here "$LAB/out" || fail "there was no session"
told alice '.event=="session.start" and .session_recording=="off"' || fail "it says that it is recorded"
as bob deploy -T -- 'echo here'
exits 254
warns 'this session cannot be recorded: the disk does not answer'
grep -q here "$LAB/out" && fail "there was a session"

story "strict: nothing is shown that is not on record, and after half a minute the session ends"
before 40 told bob '.event=="recording.failed" and .strict and (.reason|test("cannot go on: the disk does not answer"))' || fail "nobody told"
before 10 told bob '.event=="client.disconnect" and (.reason|test("role demands it"))' || fail "it goes on"
wait "$strict"
STATUS=$?
exits 255
wait "$streams"
STATUS=$?
exits 255
for out in strict streams; do
  sed '/countersign:/,$d' "$LAB/$out" | tr -d '\r' | grep . >"$LAB/seen"
  echo begun | cmp - "$LAB/seen" || fail "$out: more was seen than is on record"
done
[ -e /home/deploy/inside ] && fail "a session went on"
before 10 bash -c '! pgrep -u deploy' || fail "something of it is left: $(pgrep -alu deploy)"

story "when the disk is back, each recording gets its end"
thaw
before 20 bash -c '! pgrep -x recorder && ! pgrep -x archive' || fail "a recorder is left"
n=0
while read -r path; do
  case $path in
  *.cast.zst) zstd -qdcf "$path" >"$LAB/cast" || fail "$path cannot be read" ;;
  *) fail "$path is not closed" ;;
  esac
  tail -n 1 "$LAB/cast" | jq -e '.[1]=="x"' >/dev/null || fail "$path has no end: $(tail -n 1 "$LAB/cast")"
  shown "$LAB/cast" | grep -q begun || fail "$path does not have what was shown before"
  n=$((n + 1))
done < <(find $RECORDINGS -name '*.cast*')
[ "$n" = 4 ] || fail "$n recordings, not 4"
as alice deploy -tt -- 'echo again'
exits 0
before 10 told alice '.event=="session.end" and .recording.blake2b' || fail "the next one is not on record"
umount $RECORDINGS
