# A role that demands the record has no session without it: with a terminal or
# without.
# shellcheck shell=bash

RECORDINGS=/var/log/countersign/recordings
policy <<END2
{ "version": 1, "roles": {
    "strict": { "allow": { "logins": ["deploy", "root"], "node_labels": { "*": ["*"] } },
                "options": { "record": "strict", "record_exec_max": "64KiB", "port_forwarding": true } } } }
END2
issue alice strict
plain_sshd deploy root

# streams SID-PATH CODE: the bytes of one stream of a recording
stream() {
  zstd -qdcf "$1" | python3 -c 'import json, sys
for line in sys.stdin.buffer.read().decode().splitlines()[1:]:
    event = json.loads(line)
    if event[1] == sys.argv[1]: sys.stdout.buffer.write(event[2].encode())' "$2"
}

recording() {
  event '.event=="session.end" and .recording.blake2b'
  path=$(events '.event=="session.end"' | jq -r .recording.path)
  wait_until "it is compressed" test -e "$path.zst" -a ! -e "$path"
  path=$path.zst
}

story "a command: its input, output and errors are on record, apart"
with_input() {
  ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1 "$1" >"$LAB/out" 2>"$LAB/err"
  STATUS=$?
}
with_input 'cat; echo shown; echo wrong >&2; exit 3' < <(printf 'what was said\n')
exits 3
says 'what was said
shown'
warns wrong
event '.event=="session.start" and .session_recording=="strict" and .interactive==false'
event '.event=="exec" and .exit_code==3'
recording
[ "$(stream "$path" i)" = 'what was said' ] || fail "input: $(stream "$path" i)"
[ "$(stream "$path" o)" = 'what was said
shown' ] || fail "output: $(stream "$path" o)"
[ "$(stream "$path" e)" = wrong ] || fail "errors: $(stream "$path" e)"

story "everything is as on a plain sshd"
for command in 'exit 7' 'kill -9 $$' 'kill -TERM $$' 'echo out; echo err >&2' 'cat /etc/passwd | head -n 1' 'exec >&-; exec 2>&-; sleep 0.3' \
  'seq 300000' 'seq 300000 >&2' 'test -t 0 || echo none' 'head -c 3 /dev/zero | od -c' 'ls -l /proc/self/fd/0 | grep -c pipe' 'sleep 0.2 & echo now'; do
  alike alice deploy -- "$command"
done
alike alice deploy -T

story "who reads the output is gone, and there is none: the program hears of it as on a plain sshd"
ssh_stays alice deploy -M -N
wait_until "the connection is up" ssh -F "$LAB/ssh_config" -O check web1 -l deploy 2>/dev/null
timeout 1 ssh -F "$LAB/ssh_config" deploy@web1 'exec tail -f /etc/passwd' >/dev/null 2>&1
no_tails() { ! pgrep -f '^tail -f /etc/passwd'; }
wait_until "it ends" no_tails
ssh_goes

story "much input, and much output, whole"
head -c 3000000 /dev/urandom >"$LAB/noise"
ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1 'tee copy | cat' <"$LAB/noise" >"$LAB/out" 2>"$LAB/err"
cmp "$LAB/noise" "$LAB/out" || fail "it came back as something else"
cmp "$LAB/noise" /home/deploy/copy || fail "it arrived as something else"

story "a program that sends its output elsewhere gets all of its input"
for command in 'cat >copy 2>/dev/null' 'exec >/dev/null 2>&1; cat >copy' 'sleep 0.2; exec cat >copy 2>&1'; do
  rm -f /home/deploy/copy
  with_input "$command" <"$LAB/noise"
  exits 0
  cmp "$LAB/noise" /home/deploy/copy || fail "'$command' got $(stat -c %s /home/deploy/copy) bytes of 3000000"
done

story "a program that reads no more, and a client that does not"
fresh
alike alice deploy -- 'exec <&-; sleep 0.3; echo done'
timeout 20 ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1 'yes' </dev/null 2>/dev/null | head -n 1 >"$LAB/out"
says y
wait_until "yes has ended" bash -c '! pgrep -u deploy -x yes >/dev/null'
settled

story "only so much of a stream"
fresh
as alice deploy -- 'yes 0123456789abcde | head -c 200000'
exits 0
[ "$(stat -c %s "$LAB/out")" = 200000 ] || fail "not all of it came"
recording
[ "$(stream "$path" o | wc -c)" = 65536 ] || fail "$(stream "$path" o | wc -c) bytes are on record"
zstd -qdcf "$path" | grep -q 'no more of the output is recorded' || fail "that is not said"

story "copies: scp, sftp, rsync"
fresh
cp "$LAB/noise" "$LAB/sent"
for how in '-s' '-O'; do
  rm -f /home/deploy/sent "$LAB/back"
  runs scp -q $how -F "$LAB/ssh_config" -i "$LAB/keys/alice" "$LAB/sent" deploy@web1:sent
  exits 0
  runs scp -q $how -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1:sent "$LAB/back"
  exits 0
  cmp "$LAB/sent" "$LAB/back" || fail "scp $how: another file"
done
runs rsync -e "ssh -F $LAB/ssh_config -i $LAB/keys/alice" "$LAB/sent" deploy@web1:rsynced
exits 0
cmp "$LAB/sent" /home/deploy/rsynced || fail "rsync: another file"

story "no record, no session: the folder cannot be written"
fresh
mount -t tmpfs -o ro tmpfs $RECORDINGS
for how in -tt -T; do
  as alice deploy $how -- 'touch inside; echo inside'
  exits 254
  grep -q inside "$LAB/out" && fail "there was a session"
done
warns 'this session cannot be recorded: Read-only file system'
[ -e /home/deploy/inside ] && fail "there was a session"
event '.event=="recording.failed" and .strict'
umount $RECORDINGS

story "the disk is full in the middle: the session ends, and nothing was seen that is not on record"
for how in -tt -T; do
  fresh
  mount -t tmpfs -o size=1m,mode=750 tmpfs $RECORDINGS
  echo 'RecordingReserve 512KiB' >/etc/countersign/node.conf.d/reserve.conf 2>/dev/null ||
    { mkdir -p /etc/countersign/node.conf.d; echo 'RecordingReserve 64KiB' >/etc/countersign/node.conf.d/reserve.conf; }
  kill "$KEEPER"
  wait "$KEEPER" 2>/dev/null
  rm -f /run/countersign/keeper.sock
  lab_keeper
  policy <<END2
{ "version": 2, "roles": { "strict": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
  "options": { "record": "strict", "record_exec_max": "1GiB" } } } }
END2
  as alice deploy $how -- 'seq 1000000; sleep 1; touch inside; sleep 20'
  exits 255
  [ -e /home/deploy/inside ] && fail "the session went on"
  event '.event=="recording.failed" and .strict and (.reason|test("No space left"))'
  event '.event=="session.end"'
  event '.event=="client.disconnect" and (.reason|test("role demands it"))'
  settled
  path=$(events '.event=="session.end"' | jq -r .recording.path)
  [ -e "$path" ] || path=$path.zst
  stream "$path" o >"$LAB/shown"
  [ -s "$LAB/shown" ] || fail "nothing is on record"
  # The farewell begins with a line's end of its own.
  printf '%s' "$(sed '/countersign:/,$d' "$LAB/out" | tr -d '\r')" >"$LAB/seen"
  tr -d '\r' <"$LAB/shown" | head -c "$(stat -c %s "$LAB/seen")" | cmp - "$LAB/seen" || fail "more was seen than is on record"
  umount $RECORDINGS
done
rm -f /etc/countersign/node.conf.d/reserve.conf

story "the recorder is killed: so is the session"
usual=$(cat /var/lib/countersign/policy.json)
for how in -tt -T; do
  fresh
  ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" $how deploy@web1 'sleep 21; touch inside' >/dev/null 2>"$LAB/err" </dev/null &
  client=$!
  event '.event=="session.start"'
  wait_until "it runs" pgrep -f '^sleep 21'
  pkill -9 -f '^recorder '
  wait $client
  event '.event=="client.disconnect" and (.reason|test("role demands it"))'
  event '.event=="session.end"'
  pkill -f '^sleep 21'
  settled
done
[ -e /home/deploy/inside ] && fail "the session went on"

story "what the recorder may do: nothing but pass bytes on"
fresh
ssh_stays alice deploy -- 'sleep 22'
event '.event=="session.start"'
pid=$(pgrep -f '^recorder ')
grep -q '^Seccomp:.*2' "/proc/$pid/status" || fail "no filter"
grep -q '^NoNewPrivs:.*1' "/proc/$pid/status" || fail "it may gain privileges"
[ "$(stat -c %U "/proc/$pid/exe" 2>/dev/null)$(ps -o user:30= -p "$pid")" != rootroot ] || fail "it is root"
[ "$(ps -o user:30= -p "$pid")" = _countersign-record ] || fail "it is $(ps -o user:30= -p "$pid")"
[ "$(grep -c 'CapEff:.*0000000000000000' "/proc/$pid/status")" = 1 ] || fail "it has capabilities"
setpriv --reuid=_countersign-record --regid=_countersign-record --clear-groups cat "/proc/$pid/environ" >/dev/null 2>&1 && fail "its like can look into it"
ls "/proc/$pid/fd" | tr '\n' ' ' >"$LAB/fds"
# Two of its eight are closed: the client has no input. The ninth is a timer.
[ "$(cat "$LAB/fds")" = "0 3 4 5 6 7 8 " ] || fail "it has open: $(cat "$LAB/fds")"
pkill -f '^sleep 22'
wait "$CLIENT" 2>/dev/null
true

story "what outlives its connection goes on and is counted, or is ended, as the role says"
for role in keep kill; do
  fresh
  policy <<END2
{ "version": 3, "roles": { "strict": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
  "options": { "survivors": "$role" } } } }
END2
  as alice deploy -- 'setsid sleep 23 </dev/null >/dev/null 2>&1 & setsid sh -c "trap : HUP TERM; sleep 24; sleep 24" </dev/null >/dev/null 2>&1 & sleep 0.3; echo left'
  says left
  event '.event=="connection.end"'
  case $role in
  keep)
    event '.event=="connection.end" and .survivors==3'
    pgrep -u deploy -f '^sleep 23' >/dev/null || fail "it was ended"
    pkill -9 -u deploy
    ;;
  kill)
    event '.event=="connection.end" and .survivors==0 and .survivors_ended==3'
    pgrep -u deploy >/dev/null && fail "something goes on: $(pgrep -alu deploy)"
    ;;
  esac
done
true
