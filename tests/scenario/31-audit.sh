# countersign-audit: what is on record, found, shown, played, and ended.
# shellcheck shell=bash

RECORDINGS=/var/log/countersign/recordings
issue alice web
issue bob web
audit() { runs countersign-audit "$@"; }

story "sessions are listed"
as alice deploy -tt -- 'printf "needle \033[31min\033[0m a haystack\r\n"; sleep 0.3; echo second; exit 4'
exits 4
as bob deploy -- 'echo plain'
exits 0
settled
audit ls
exits 0
grep -q ' 4 *rec *alice@example.com deploy@web1 printf' "$LAB/out" || fail "alice's session is not there"
grep -q ' 0 *- *bob@example.com deploy@web1 echo plain' "$LAB/out" || fail "bob's session is not there"
grep -q $'\033' "$LAB/out" && fail "a terminal sequence gets through"
audit ls --user bob@example.com --json
[ "$(jq -r .start.user "$LAB/out")" = bob@example.com ] || fail "not bob's alone"
audit ls --since 2099-01-01T00:00:00Z
[ "$(wc -l <"$LAB/out")" = 1 ] || fail "something of the future"
audit ls --since yesterday
exits 2
warns "'yesterday' is no time"
audit ls --events /nonexistent
exits 3
warns "cannot read '/nonexistent': No such file"
sid=$(events '.event=="session.end" and .interactive' | jq -r .sid)
wait_until "it is compressed" test -e "$RECORDINGS/$(date -u +%Y/%m/%d)/$sid.cast.zst" -a ! -e "$RECORDINGS/$(date -u +%Y/%m/%d)/$sid.cast"

story "a session's story"
audit show "${sid:0:8}"
exits 0
grep -q '^alice@example.com as deploy on web1' "$LAB/out" || fail "nobody's story"
for event in connection.start session.start exec session.data session.end connection.end; do
  grep -q " $event " "$LAB/out" || fail "$event is missing"
done
grep -q bob "$LAB/out" && fail "somebody else's, too"
audit show 00000000
exits 1
warns "no session or connection '00000000'"

story "a recording is played: by id, by file, faster"
as_text() { printf 'needle \033[31min\033[0m a haystack\r\r\nsecond\r\n'; }
audit play --speed 100 "$sid"
exits 0
as_text | cmp - "$LAB/out" || fail "it shows something else"
runs countersign-audit play --idle 0.01 "$RECORDINGS/$(date -u +%Y/%m/%d)/$sid.cast.zst"
as_text | cmp - "$LAB/out" || fail "it shows something else"
audit play --speed 0 "$sid"
exits 2
audit play /etc/passwd
exits 3
warns "it is no recording"

story "keys: pause, a step, faster, quit"
cat >"$LAB/keys.py" <<'END2'
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0: os.execvp("countersign-audit", ["countersign-audit", "play", "--speed", "0.05", sys.argv[1]])
def read(t):
    out, end = b"", time.time() + t
    while time.time() < end:
        if select.select([fd], [], [], 0.05)[0]:
            try: out += os.read(fd, 4096)
            except OSError: return out
    return out
first = read(1.0)
os.write(fd, b" ."); second = read(1.0)
os.write(fd, b"q"); read(1.0)
_, status = os.waitpid(pid, 0)
print(b"needle" in first + second, b"second" in first, b"second" in second, os.waitstatus_to_exitcode(status))
END2
runs python3 "$LAB/keys.py" "$sid"
grep -q 'True False .* 0' "$LAB/out" || fail "it plays otherwise: $(cat "$LAB/out")"

story "exported: as text with times, for ttyplay, for other players"
audit export "$sid"
grep -qE '^ +0:00\.[0-9]{3}  needle in a haystack$' "$LAB/out" || fail "no text"
audit export --format asciicast "$sid"
cp "$LAB/out" "$LAB/cast"
script -qec "asciinema cat $LAB/cast >$LAB/played" /dev/null >/dev/null </dev/null
as_text | cmp - "$LAB/played" || fail "asciinema shows something else"
audit export --format ttyrec "$sid"
python3 -c '
import struct, sys
data = open(sys.argv[1], "rb").read(); out = b""
while data:
    s, us, n = struct.unpack("<III", data[:12]); out += data[12:12+n]; data = data[12+n:]
sys.stdout.buffer.write(out)' "$LAB/out" >"$LAB/played"
as_text | cmp - "$LAB/played" || fail "the ttyrec shows something else"

story "searched: output and commands, of everybody or one"
audit search 'in a haystack'
exits 0
grep -q "^${sid:0:8} 0:0.* alice@example.com: needle in a haystack" "$LAB/out" || fail "not found in the output"
audit search 'echo plain'
grep -q 'command bob@example.com: echo plain' "$LAB/out" || fail "not found in the commands"
audit search --ignore-case --user bob@example.com NEEDLE
exits 1
audit search -i NEEDLE
exits 0

story "a recording cannot take the auditor's terminal over"
fresh
as alice deploy -tt -- 'printf "\033]0;title\007\033]52;c;aGk=\033\\\\\033P+q544e\033\\\\\033[6n\033[c\033[21t\005\033[?1049h\033[2Jseen\302\233[5n\n"'
sid=$(events '.event=="session.start"' | jq -r .sid)
event '.event=="session.end"'
audit play --speed 100 "$sid"
[ "$(od -An -c "$LAB/out" | tr -d ' \n')" = '033[?1049h033[2Jseen[5n\r\n' ] || fail "it shows: $(od -c "$LAB/out")"
audit play --raw --speed 100 "$sid"
grep -aq ']52;c' "$LAB/out" || fail "--raw leaves something out"
# What a terminal shows again after a string that was cut short is shown here, too.
fresh
as alice deploy -tt -- 'printf "\033]hidden\030one \033Phidden\032two \033\000three \033]hidden\033[1mfour\n"'
cut=$(events '.event=="session.start"' | jq -r .sid)
event '.event=="session.end"'
audit play --speed 100 "$cut"
[ "$(od -An -c "$LAB/out" | tr -d ' \n')" = 'onetwothree033[1mfour\r\n' ] || fail "it shows: $(od -c "$LAB/out")"
audit export "$cut"
grep -q 'one two three four' "$LAB/out" || fail "the text lacks something: $(cat "$LAB/out")"

story "verify: as it was, and after somebody has been at it"
sid=$cut
wait_until "it is compressed" bash -c "find $RECORDINGS -name '$cut.cast.zst' | grep -q ."
audit verify
exits 0
path=$(find $RECORDINGS -name "$sid.cast.zst")
zstd -qdc "$path" | sed 's/hidden/not that/' | zstd -qc >"$LAB/forged"
cp "$path" "$LAB/kept"
cp "$LAB/forged" "$path"
audit verify
exits 1
grep -q "session $sid: its recording is not what it was" "$LAB/out" || fail "not noticed: $(cat "$LAB/out")"
rm "$path"
audit verify
grep -q "session $sid: its recording is gone" "$LAB/out" || fail "not noticed"
cp "$LAB/kept" "$path"
cp $EVENTS "$LAB/all"
grep -v '"resize"\|"session.data"' "$LAB/all" >"$LAB/fewer"
audit verify --events "$LAB/fewer"
exits 1
grep -qE 'connection .*: 5 events of 6 are there' "$LAB/out" || fail "not noticed: $(cat "$LAB/out")"

story "an open session is watched, which is on record, and ended by hand"
fresh
ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt deploy@web1 'i=0; while :; do i=$((i+1)); echo "tick $i"; sleep 0.2; done' >"$LAB/ticks" 2>"$LAB/err" </dev/null &
client=$!
event '.event=="session.start"'
sid=$(events '.event=="session.start"' | jq -r .sid)
audit ls --open
grep -q "${sid:0:8}.*open" "$LAB/out" || fail "it is not listed as open"
: >"$LAB/watched"
timeout 30 countersign-audit watch "${sid:0:8}" >"$LAB/watched" 2>&1 &
watcher=$!
wait_until "something is seen" grep -q 'tick 5' "$LAB/watched"
event '.event=="session.watch" and .watched_by=="0" and .sid=="'"$sid"'"'
script -qec "timeout --foreground -s INT 1 countersign-audit watch $sid" /dev/null >"$LAB/out" </dev/null
tail -c 60 "$LAB/out" | grep -q $'\033\[?1049l' || fail "^C leaves the terminal as the session had it"
runs setpriv --reuid=deploy --regid=deploy --clear-groups countersign-audit kill "$sid"
exits 3
warns 'only root ends connections'
audit kill --reason 'enough of it' "${sid:0:8}"
exits 0
grep -q alice@example.com "$LAB/out" || fail "it does not say whose"
wait $client
wait $watcher
grep -q 'this connection is ended: ended by root: enough of it' "$LAB/ticks" || fail "it was not said"
event '.event=="client.disconnect" and .reason=="ended by root: enough of it"'
audit kill "$sid"
exits 1
warns "no connection is open of"

story "all of a user's connections, and nobody else's"
fresh
ssh_stays alice deploy -N
one=$CLIENT
ssh_stays alice deploy -- 'sleep 25'
two=$CLIENT
ssh_stays bob deploy -- 'sleep 26'
three=$CLIENT
wait_until "all three are there" bash -c '[ "$(ls /run/countersign/state | wc -l)" = 3 ]'
wait_until "both programs run" bash -c 'pgrep -f "^sleep 25" >/dev/null && pgrep -f "^sleep 26"'
audit kill alice@example.com
exits 0
[ "$(wc -l <"$LAB/out")" = 2 ] || fail "not two: $(cat "$LAB/out")"
wait $one $two
kill -0 $three || fail "bob's has ended, too"
kill $three
pkill -f '^sleep 2[56]'
settled

story "tail"
audit tail --lines 2
[ "$(wc -l <"$LAB/out")" = 2 ] || fail "not two lines"
timeout 3 countersign-audit tail -f -n 0 --user bob@example.com >"$LAB/followed" 2>&1 &
follower=$!
sleep 0.3
as bob deploy -- true
wait $follower
grep -q 'connection.start *bob@example.com' "$LAB/followed" || fail "not seen: $(cat "$LAB/followed")"

story "what cannot be written or read is said, and is no success"
path=$(find $RECORDINGS -name '*.zst' | head -n 1)
for verb in "export $path" "play $path" ls "ls --json" tail verify "prune --dry-run --max-size 1"; do
  # shellcheck disable=SC2086
  timeout 20 countersign-audit $verb >/dev/full 2>"$LAB/err" </dev/null
  STATUS=$?
  exits 3
  warns 'the output cannot be written'
done
python3 -c 'import json
print(json.dumps({"version": 2, "width": 80, "height": 24}))
for i in range(100000): print(json.dumps([i / 1000, "o", "line %d of many\r\n" % i]))' >"$LAB/long.cast"
cp "$LAB/long.cast" "$LAB/whole.cast"
/usr/libexec/countersign/archive "$LAB/whole.cast" >/dev/null || fail "not compressed"
head -c $(($(stat -c %s "$LAB/whole.cast.zst") / 2)) "$LAB/whole.cast.zst" >"$LAB/half.cast.zst"
for verb in "export --format asciicast" export "play --speed 1000"; do
  # shellcheck disable=SC2086
  audit $verb "$LAB/half.cast.zst"
  exits 3
  warns 'damaged'
done
for verb in ls tail verify "search needle"; do
  # shellcheck disable=SC2086
  audit $verb --events /etc
  [ "$STATUS" = 0 ] && fail "$verb takes a folder for events"
done
cp $EVENTS "$LAB/noise"
printf 'noise\n' >>"$LAB/noise"
audit verify --events "$LAB/noise"
exits 1
warns '1 lines of .* are no events'
runs setpriv --reuid=alice --regid=adm --clear-groups countersign-audit prune --max-size 1
exits 3
warns 'only root'

story "the auditor's terminal is as it was, whatever ends play or watch"
for how in 'timeout --foreground -s TERM 1 countersign-audit play' 'timeout --foreground -s INT 1 countersign-audit play' 'timeout --foreground -s HUP 1 countersign-audit play'; do
  script -qec "stty sane; $how $LAB/long.cast >/dev/null; stty -a" /dev/null >"$LAB/out" </dev/null
  grep -q ' icanon ' "$LAB/out" && grep -q ' echo ' "$LAB/out" || fail "$how leaves it as $(cat "$LAB/out")"
done
script -qec "stty sane; countersign-audit play $LAB/long.cast | head -n 3; stty -a" /dev/null >"$LAB/out" </dev/null
grep -q ' icanon ' "$LAB/out" || fail "a reader that goes leaves it as $(cat "$LAB/out")"
script -qec "timeout --foreground -s INT 1 countersign-audit play $LAB/long.cast" /dev/null >"$LAB/out" </dev/null
tail -c 60 "$LAB/out" | grep -q $'\033\[?1049l' || fail "what it switched on is not switched off"

story "a hundred times faster is that, also of many short moments"
audit play --speed 1000 "$LAB/long.cast"
exits 0
strace -f -c -e trace=poll -o "$LAB/polls" countersign-audit play --speed 1000 "$LAB/long.cast" >/dev/null </dev/null
awk '$NF == "poll" && $4 > 1000 { exit 1 }' "$LAB/polls" || fail "it waits for each: $(cat "$LAB/polls")"

story "old recordings are deleted, if somebody says so, which is on record"
fresh
count() { find $RECORDINGS -name '*.cast*' | wc -l; }
had=$(count)
audit prune
exits 0
[ "$(count)" = "$had" ] || fail "something was deleted"
old=$(find $RECORDINGS -name '*.zst' | head -n 1)
touch -d '100 days ago' "$old"
audit prune --older-than 90d --dry-run
grep -q "would delete $old" "$LAB/out" || fail "it does not say what it would do"
[ -e "$old" ] || fail "it was deleted"
audit prune --older-than 90d
[ "$(count)" = $((had - 1)) ] && [ ! -e "$old" ] || fail "$(count) of $had are left"
event '.event=="recording.deleted" and .files==1'
ssh_stays alice deploy -tt -- 'sleep 27'
event '.event=="session.start"'
cp "$LAB/cast" "$RECORDINGS/left.cast"
audit prune --max-size 1
[ "$(find $RECORDINGS -name '*.cast*' | wc -l)" = 1 ] || fail "not the open one alone: $(find $RECORDINGS -type f)"
cp "$LAB/cast" "$RECORDINGS/left.cast"
audit prune
[ -e "$RECORDINGS/left.cast.zst" ] && [ ! -e "$RECORDINGS/left.cast" ] || fail "what was left is not compressed"
cp "$LAB/cast" "$RECORDINGS/busy.cast"
flock -s "$RECORDINGS/busy.cast" sleep 4 &
locker=$!
wait_until "it is locked" bash -c "! flock -n -x $RECORDINGS/busy.cast true"
audit prune --max-size 1
[ -e "$RECORDINGS/busy.cast" ] || fail "what is being written was taken away"
runs /usr/libexec/countersign/archive "$RECORDINGS/busy.cast"
exits 3
kill $locker
rm "$RECORDINGS/busy.cast"
audit prune --older-than never
exits 2
ssh_goes
pkill -f '^sleep 27'
true
