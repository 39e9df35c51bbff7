# Logs that logrotate has rotated, with the file that is installed: nothing is lost
# or told twice, and everybody goes on reading.
# shellcheck shell=bash

CONFIG=/etc/logrotate.d/countersign
DIR=/var/log/countersign
ROTATED=0
# rotate: as logrotate's timer does, though it is not time yet. Two in one second
# would have one name.
rotate() {
  logrotate -f -s "$LAB/rotated" $CONFIG || fail "logrotate: $?"
  ROTATED=$((ROTATED + 1))
  sleep 1.1
}
# everything: all events, in order, unpacked by others
everything() {
  local part
  for part in $(ls -tr $DIR/events.jsonl-*) $EVENTS; do
    case $part in
    *.gz) gzip -dc "$part" ;;
    *.zst) zstd -dcq "$part" ;;
    *.xz) xz -dc "$part" ;;
    *.bz2) bzip2 -dc "$part" ;;
    *) [ ! -e "$part" ] || cat "$part" ;;
    esac
  done
}
all_ended() { [ "$(everything | grep -c '"event":"connection.start"')" = "$1" ] && [ "$(everything | grep -c '"event":"connection.end"')" = "$1" ]; }

issue alice web

story "while sessions come and go, one stays, and two read along"
cat >"$LAB/rule.yml" <<'END'
title: All
id: 5b0c2a54-4a5e-4a5c-9b55-2a6de1f1d001
logsource: { product: countersign }
detection:
  s: { v: 1 }
  condition: s
END
: >>$EVENTS
countersign-detect run --follow --matches --rules "$LAB/rule.yml" -o "$LAB/matches" $EVENTS 2>"$LAB/detect.err" &
detector=$!
countersign-audit tail --follow --json --lines 1000 >"$LAB/tail" 2>"$LAB/tail.err" &
tail=$!
wait_until "the detector reads" test -e "$LAB/matches"
ssh_stays alice deploy -tt -- 'echo stays; read -r x; echo "$x"'
wait_until "it is there" grep -q session.start $EVENTS
comes_and_goes() {
  local i
  for ((i = 0; i < 20; i++)); do
    ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1 "echo $1-$i" </dev/null >/dev/null 2>&1
  done
}
comes_and_goes a &
first=$!
comes_and_goes b &
second=$!
for _ in 1 2 3 4 5; do rotate; done
wait $first $second
ssh_goes
wait_until "41 connections have begun and ended" all_ended 41
[ "$(ls $DIR/events.jsonl-*.gz | wc -l)" = 4 ] || fail "there are: $(ls $DIR)"
[ "$(stat -c '%a %U %G' $EVENTS)" = "640 root adm" ] || fail "the new file is $(stat -c '%a %U %G' $EVENTS)"
everything >"$LAB/all"
"$here/check-events" "$root/docs/events.schema.json" "$LAB/all" >"$LAB/check" 2>&1 || fail "$(head -n 5 "$LAB/check")"
lines=$(wc -l <"$LAB/all")
matched() { [ "$(wc -l <"$LAB/matches")" -ge "$lines" ]; }
tailed() { [ "$(wc -l <"$LAB/tail")" -ge "$lines" ]; }
wait_until "the detector has seen them" matched
wait_until "tail has shown them" tailed
cmp -s "$LAB/all" "$LAB/tail" || fail "tail: $(diff "$LAB/all" "$LAB/tail" | head -n 5)"
[ "$(wc -l <"$LAB/matches")" = "$lines" ] || fail "the detector has seen $(wc -l <"$LAB/matches") of $lines"
kill $detector $tail
runs countersign-audit verify
exits 0
grep -q '^41 sessions that have ended, 0 problems$' "$LAB/out" || fail "verify: $(cat "$LAB/out")"
[ "$(countersign-audit ls --json | jq -c 'select(.end)' | wc -l)" = 41 ] || fail "ls: $(countersign-audit ls)"
[ -z "$(countersign-audit ls --open --json)" ] || fail "some are open"

story "a session's story is whole, wherever its parts are"
stayed=$(countersign-audit ls --json | jq -r 'select(.start.interactive) | .start.sid')
runs countersign-audit show "$stayed"
exits 0
for event in connection.start session.start session.end connection.end; do
  [ "$(grep -c "  $event " "$LAB/out")" = 1 ] || fail "$event: $(cat "$LAB/out")"
done
runs countersign-audit play --speed 1000 "$stayed"
grep -q stays "$LAB/out" || fail "it does not play: $(cat "$LAB/out" "$LAB/err")"
runs countersign-audit search b-19
grep -q 'echo b-19' "$LAB/out" || fail "it is not found"
[ "$(countersign-audit ls --since 1h --json | wc -l)" = 41 ] || fail "of the last hour: $(countersign-audit ls --since 1h)"

story "parts that others have compressed, under the names of other configurations"
countersign-audit ls --json >"$LAB/before"
parts=("$DIR"/events.jsonl-*.gz)
repack() {
  local when=$1 to=$2
  shift 2
  gzip -dc "$when" | "$@" >"$to"
  touch -r "$when" "$to"
  rm "$when"
}
repack "${parts[0]}" $EVENTS.4.zst zstd -q
repack "${parts[1]}" $EVENTS.3.xz xz
repack "${parts[2]}" $EVENTS.2.bz2 bzip2
countersign-audit ls --json | cmp -s - "$LAB/before" || fail "$(countersign-audit ls)"
# Its compression was cut short, or goes on now.
head -c 100 /dev/urandom >$EVENTS.5
mv $EVENTS.5 $EVENTS.5.bak
gzip -dc "${parts[3]}" >"${parts[3]%.gz}"
touch -r "${parts[3]}" "${parts[3]%.gz}"
head -c 100 "${parts[3]}" >"$LAB/cut"
cat "$LAB/cut" >"${parts[3]}"
countersign-audit ls --json | cmp -s - "$LAB/before" || fail "$(countersign-audit ls)"
rm "${parts[3]%.gz}"
for verb in ls verify "show $stayed" "search b-19"; do
  # shellcheck disable=SC2086
  runs countersign-audit $verb
  [ "$STATUS" != 0 ] || fail "$verb says nothing"
  grep -q "${parts[3]}' is damaged, or cut short" "$LAB/err" || fail "$verb: $(cat "$LAB/err")"
done
rm -f "$DIR"/events.jsonl?*
# The tool for it is not there.
gzip -c "$LAB/all" >$EVENTS.2.gz
mkdir "$LAB/few"
ln -s "$(command -v countersign-audit)" "$LAB/few/"
runs env PATH="$LAB/few" countersign-audit ls
exits 3
grep -q "cannot unpack '$EVENTS.2.gz': No such file or directory" "$LAB/err" || fail "$(cat "$LAB/err")"
rm $EVENTS.2.gz

story "files beside it that are none of its parts, and events from a pipe"
cp "$LAB/all" "$LAB/events"
countersign-audit ls --json --events "$LAB/events" >"$LAB/before"
mkfifo "$LAB/events.1"
exec 9<>"$LAB/events.1" # somebody might write to it
mkdir "$LAB/events-20260101"
ln -s /nonexistent "$LAB/events.2"
for name in events-2 events.1.bak events.old; do cp "$LAB/all" "$LAB/$name"; done
runs timeout 10 countersign-audit ls --json --events "$LAB/events"
exits 0
cmp -s "$LAB/out" "$LAB/before" || fail "$(diff "$LAB/before" "$LAB/out" | head -n 5)"
exec 9>&-
countersign-audit ls --json --events <(cat "$LAB/all") | cmp -s - "$LAB/before" || fail "a pipe is not read"
mkfifo "$LAB/pipe"
(sleep 0.3; cat "$LAB/all") >"$LAB/pipe" &
timeout 10 countersign-audit ls --json --events "$LAB/pipe" | cmp -s - "$LAB/before" || fail "a pipe is not waited for"
runs countersign-audit show --events <(cat "$LAB/all") "$stayed"
exits 3
grep -q 'is read twice' "$LAB/err" || fail "$(cat "$LAB/err")"
runs countersign-audit ls --events "$LAB"
exits 3
grep -q 'Is a directory' "$LAB/err" || fail "$(cat "$LAB/err")"
# Copies have no times of their own; a clock may be wrong.
half=$(($(wc -l <"$LAB/all") / 2))
mkdir "$LAB/copies"
tail -n +$((half + 1)) "$LAB/all" >"$LAB/copies/events.1"
head -n $half "$LAB/all" >"$LAB/copies/events.10"
touch -d 2020-01-01 "$LAB/copies/events.1"
: >"$LAB/copies/events"
countersign-audit ls --json --events "$LAB/copies/events" | cmp -s - "$LAB/before" || fail "they are read in another order"
cp "$LAB/all" "$LAB/copies/old"
touch -d 2020-01-01 "$LAB/copies/old"
[ "$(countersign-audit ls --json --since 1h --events "$LAB/copies/old" | wc -l)" = 41 ] || fail "a log with an old time is not looked at"
{ cat "$LAB/all"; echo '{"event":"session.start","sid'; } >"$LAB/torn"
runs countersign-audit ls --json --events "$LAB/torn"
cmp -s "$LAB/out" "$LAB/before" || fail "a torn line is in the way"
grep -q "1 lines of '$LAB/torn' are no events" "$LAB/err" || fail "a torn line is not told"
(
  ulimit -Sn 64
  for i in $(seq 100); do : >"$LAB/copies/events.$((i + 10))"; done
  countersign-audit ls --json --events "$LAB/copies/events" | cmp -s - "$LAB/before"
) || fail "a hundred parts are too many"
: >$EVENTS

story "nothing was written since: what there is is read, and waited for"
as alice deploy -- 'echo last'
settled
lines=$(wc -l <$EVENTS)
rotate
[ -e $EVENTS ] && fail "it is there already"
runs countersign-audit ls
exits 0
grep -q 'echo last' "$LAB/out" || fail "$(cat "$LAB/out")"
[ "$(countersign-audit tail --json | wc -l)" = "$((lines < 10 ? lines : 10))" ] || fail "tail: $(countersign-audit tail)"
countersign-audit tail --follow --json --lines 0 >"$LAB/tail" &
tail=$!
as alice deploy -- 'echo next'
wait_until "tail goes on in the new file" grep -q 'echo next' "$LAB/tail"
kill $tail

story "a detector that was away for two rotations goes on where it was"
follow() {
  countersign-detect run --follow --matches --state "$LAB/state" --rules "$LAB/rule.yml" -o "$LAB/matches" "$LAB/log" 2>"$LAB/detect.err" &
  detector=$!
}
unfollow() {
  kill $detector
  wait $detector
}
line() { head -n "$1" "$LAB/all" | tail -n 1; }
matches() { [ "$(wc -l <"$LAB/matches")" = "$1" ]; }
: >"$LAB/matches"
line 1 >"$LAB/log"
follow
wait_until "1 is told" matches 1
unfollow
line 2 >>"$LAB/log"
mv "$LAB/log" "$LAB/log-20260101"
{ line 3; line 4; } >"$LAB/log"
mv "$LAB/log" "$LAB/log-20260108"
touch -d '1 minute ago' "$LAB/log-20260101"
line 5 >"$LAB/log"
follow
wait_until "5 are told" matches 5
[ -s "$LAB/detect.err" ] && fail "it says $(cat "$LAB/detect.err")"
unfollow
# Now what it was in is compressed.
mv "$LAB/log" "$LAB/log-20260115"
gzip "$LAB"/log-*
{ line 6; line 7; } >"$LAB/log-20260122"
line 8 >"$LAB/log"
follow
wait_until "8 are told" matches 8
grep -q 'what it had is missed' "$LAB/detect.err" || fail "it does not say so"
unfollow

story "the alerts' own file is rotated: the next alert is in a new one"
install -d -o _countersign-detect -g _countersign-detect -m 700 /var/lib/countersign-detect
ALERTS=/var/lib/countersign-detect/alerts.jsonl
setpriv --reuid=_countersign-detect --regid=_countersign-detect --clear-groups countersign-detect run --follow --matches --rules "$LAB/rule.yml" -o $ALERTS /tmp/alerts.log 2>"$LAB/detect.err" &
detector=$!
line 1 >/tmp/alerts.log
wait_until "it is told" test -s $ALERTS
rotate
compgen -G "$ALERTS-*" >/dev/null || fail "it is not rotated: $(ls -l /var/lib/countersign-detect)"
line 2 >>/tmp/alerts.log
wait_until "the next is told in a new one" test -s $ALERTS
[ "$(cat $ALERTS* | wc -l)" = 2 ] || fail "$(cat $ALERTS*)"
unfollow

story "what reads sshd's lines outlives it"
# systemctl kill is for all of a unit's processes.
as alice deploy -N -W 127.0.0.1:1
event '.event=="port" and .addr=="127.0.0.1:1"'
reader() { pgrep -f libexec/countersign/sshd-events; }
before=$(reader)
kill -HUP "$before" "$(cat /run/rsyslogd.pid)"
fresh
as alice deploy -N -W 127.0.0.1:2
event '.event=="port" and .addr=="127.0.0.1:2"'
[ "$(reader)" = "$before" ] || fail "it is another one"
