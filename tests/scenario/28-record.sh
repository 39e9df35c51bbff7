# A terminal session is on record, whole, and the person recorded notices
# nothing of it and can do nothing about it.
# shellcheck shell=bash

RECORDINGS=/var/log/countersign/recordings
issue alice web
plain_sshd deploy

# recording: the path of the only recording, once it is sealed
recording() {
  event '.event=="session.end" and .recording.blake2b'
  events '.event=="session.end"' | jq -r .recording.path
}

# shown FILE.cast: what a recording shows, as bytes
shown() {
  python3 -c 'import json, sys
for line in list(open(sys.argv[1], encoding="utf-8", newline="\n"))[1:]:
    event = json.loads(line)
    if event[1] == "o": sys.stdout.buffer.write(event[2].encode())' "$1"
}

# unpacked: the recording's lines in $LAB/cast, once it is compressed
unpacked() {
  local path
  path=$(recording)
  [ -n "$path" ] || fail "no recording"
  wait_until "it is compressed" test -e "$path.zst" -a ! -e "$path"
  zstd -qdcf "$path.zst" >"$LAB/cast" || fail "zstd cannot read it"
}

# plays: a player that is not ours, and wants a terminal, accepts it
plays() {
  script -qec "asciinema cat $LAB/cast >$LAB/played" "$LAB/player.err" >/dev/null </dev/null ||
    fail "asciinema cannot play it: $(cat "$LAB/player.err")"
}

story "what the client got is what is on record"
{
  cat "$root/docs/ARCHITECTURE.md"
  printf 'gr\xc3\xbc\xc3\x9fe \xe2\x82\xac \xf0\x9f\x90\x99 "quoted" back\\slash \x1b[31mred\x1b[0m \x07\x08\x7f tab\there\n'
} >/home/deploy/corpus
as alice deploy -tt -- 'cat corpus corpus corpus'
exits 0
unpacked
shown "$LAB/cast" | cmp - "$LAB/out" || fail "the recording differs from what the client got"
[ "$(stat -c '%U:%G %a' "$(recording).zst")" = "root:adm 640" ] || fail "it is $(stat -c '%U:%G %a' "$(recording).zst")"
[ "$(events '.event=="session.end"' | jq -r .recording.blake2b)" = "$(b2sum -l 256 <"$LAB/cast" | cut -d' ' -f1)" ] ||
  fail "the digest is another"
[ "$(events '.event=="session.end"' | jq -r .recording.bytes)" = "$(stat -c %s "$LAB/cast")" ] || fail "the size is another"
[ "$(events '.event=="session.data"' | jq .tx)" = "$(stat -c %s "$LAB/out")" ] || fail "another number of bytes was counted"
event '.event=="session.start" and .session_recording=="best_effort"'
plays
shown "$LAB/cast" | cmp - "$LAB/played" || fail "the player shows something else"
head -n 1 "$LAB/cast" | jq -e '.version==2 and .countersign.user=="alice@example.com" and .countersign.login=="deploy" and .command=="cat corpus corpus corpus" and .env.SHELL=="/bin/bash"' >/dev/null ||
  fail "its first line is $(head -n 1 "$LAB/cast")"
tail -n 1 "$LAB/cast" | jq -e '.[1]=="x" and .[2]=="0"' >/dev/null || fail "its last line is $(tail -n 1 "$LAB/cast")"

story "characters cut anywhere, and bytes that are none"
fresh
head -c 300000 /dev/urandom >/home/deploy/noise
as alice deploy -tt -- 'stty raw; for i in 1 2 3 4 5 6; do for c in "\303" "\274" "\342" "\202" "\254" "\360\237" "\220\231"; do printf "$c"; sleep 0.01; done; done; cat noise'
exits 0
{ for i in 1 2 3 4 5 6; do printf 'ü€🐙'; done; cat /home/deploy/noise; } | cmp - "$LAB/out" || fail "the client got something else"
unpacked
plays
shown "$LAB/cast" 2>/dev/null | head -c 54 | cmp - <(for i in 1 2 3 4 5 6; do printf 'ü€🐙'; done) || fail "cut characters are not whole on record"

story "much output"
fresh
as alice deploy -tt -- 'stty -opost; seq 1000000; exit 7'
exits 7
seq 1000000 | cmp - "$LAB/out" || fail "the client got something else"
unpacked
shown "$LAB/cast" | cmp - "$LAB/out" || fail "the recording differs"
event '.event=="session.end" and .exit_code==7'

story "what is typed ahead arrives: whole lines, an end, a part of a line"
typed='first line\nsecond\n\004third\n\004'
for how in plain ours; do
  options=(-F "$LAB/ssh_config" -tt)
  [ $how = plain ] && options+=(-p 2222 -i "$LAB/keys/key") || options+=(-i "$LAB/keys/alice")
  # shellcheck disable=SC2059
  (printf "$typed"; sleep 3) | timeout 20 ssh "${options[@]}" deploy@web1 \
    'sleep 1; stty -echo; read -r a; echo "1[$a]"; cat; echo "2"; cat; echo end' 2>"$LAB/err" | tr -d '\r' >"$LAB/typed.$how"
done
cmp -s "$LAB/typed.plain" "$LAB/typed.ours" || fail "$(diff "$LAB/typed.plain" "$LAB/typed.ours")"
grep -q '1\[first line\]' "$LAB/typed.ours" || fail "it did not arrive: $(cat "$LAB/typed.ours")"

story "characters that were typed as themselves stay that"
for how in plain ours; do
  options=(-F "$LAB/ssh_config" -tt)
  [ $how = plain ] && options+=(-p 2222 -i "$LAB/keys/key") || options+=(-i "$LAB/keys/alice")
  printf 'abc\026\177def\nabc\026\004def\nab\026\025 cd\nx\177yz\n\004' | timeout 20 ssh "${options[@]}" deploy@web1 'stty -echo; od -c >od; cat od' >"$LAB/typed.$how"
  tail -n 4 "$LAB/typed.$how" >"$LAB/od.$how"
done
grep -q 'a *b *c 004 *d *e *f' "$LAB/od.plain" || fail "not even plainly: $(cat "$LAB/od.plain")"
cmp -s "$LAB/od.plain" "$LAB/od.ours" || fail "$(diff "$LAB/od.plain" "$LAB/od.ours")"

story "more typed ahead than a terminal keeps: nothing is lost"
for n in 300 600 1000; do
  rm -f /home/deploy/ran
  { for i in $(seq $n); do echo "echo $i >>ran # so that a line has its length"; done; echo 'exit 5'; } |
    timeout 60 ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt deploy@web1 sh >"$LAB/out" 2>&1
  STATUS=$?
  exits 5
  seq $n | cmp -s - /home/deploy/ran || fail "of $n lines $(wc -l </home/deploy/ran) were run"
done

story "and it is on record, as it was echoed"
fresh
printf 'touch was-here; : typed-before\nexit 7\n' | timeout 20 ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt deploy@web1 sh >"$LAB/out" 2>&1
[ -e /home/deploy/was-here ] || fail "it was not run"
unpacked
grep -q '"o", "touch was-here; : typed-before' "$LAB/cast" || fail "not on record: $(cat "$LAB/cast")"
event '.event=="session.data" and .rx==38'

story "a program that leads a session and lets go of its terminal goes on"
fresh
alike alice deploy -tt -- 'exec sh -c "sleep 1; echo finished >finished; exit 4" </dev/null >/dev/null 2>&1'
exits 4
[ -s /home/deploy/finished ] || fail "it did not"

story "what is typed is not on record, what is echoed is"
fresh
rm -f /home/deploy/{first,second}
types() {
  wait_until "it reads" test -e /home/deploy/first
  printf 'S3cret\n'
  wait_until "it reads on" test -e /home/deploy/second
  printf 'visible\n'
}
types | timeout 30 ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt deploy@web1 \
  'stty -echo; : >first; read -r p; stty echo; : >second; read -r v; echo "got ${#p} $v"' >"$LAB/out" 2>"$LAB/err"
unpacked
grep -q 'got 6 visible' "$LAB/cast" || fail "the program did not get it"
grep -q S3cret "$LAB/cast" && fail "the password is on record"
grep -q 'visible' "$LAB/cast" || fail "the echo is not on record"

story "the window's size is told on, and on record"
fresh
cat >"$LAB/resize.py" <<'END2'
import fcntl, os, pty, struct, sys, termios, time
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while b"ready" not in seen: seen += os.read(fd, 4096)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
try:
    while True: seen += os.read(fd, 4096)
except OSError:
    pass
print(seen.decode())
END2
runs python3 "$LAB/resize.py" ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt deploy@web1 'trap "stty size; exit" WINCH; echo ready; sleep 3 & wait'
grep -q '33 99' "$LAB/out" || fail "the program does not know: $(cat "$LAB/out")"
event '.event=="resize" and .size=="99:33"'
unpacked
grep -q '"r", "99x33"' "$LAB/cast" || fail "it is not on record: $(cat "$LAB/cast")"
head -n 1 "$LAB/cast" | jq -e '.width==80 and .height==24' >/dev/null || fail "the first size is wrong"

story "TERM and a command of strange bytes do not keep the recording from beginning"
fresh
TERM=$'x\xff\xfe"\\' as alice deploy -tt -- $'echo \xff\xfe; printf "%s" "$TERM" | od -An -tx1'
exits 0
grep -q '78 ff fe 22 5c' "$LAB/out" || fail "the program's TERM is another: $(cat "$LAB/out")"
unpacked
plays

story "sshd's terminal is nobody's any more, also of who had it open before"
fresh
cat >/usr/local/bin/thief <<'END2'
#!/usr/bin/python3
"""Holds every terminal that it can open as soon as it is there; then tells
what becomes of what it writes to them."""
import os, sys, time
held, end = {}, time.time() + 30
while time.time() < end:
    for name in os.listdir("/dev/pts"):
        if name.isdigit() and name not in held:
            try: held[name] = os.open("/dev/pts/" + name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            except OSError: pass
    if os.path.exists("/home/deploy/steal"): break
    time.sleep(0.0005)
for name, fd in sorted(held.items()):
    try: os.write(fd, b"UNSEEN" + name.encode() + b"\n"); print(name, "written")
    except OSError as e: print(name, e.strerror)
END2
chmod 755 /usr/local/bin/thief
rm -f /home/deploy/steal
ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1 thief >"$LAB/thief.out" 2>&1 </dev/null &
thief=$!
event '.event=="session.start" and .interactive==false'
timeout 30 ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt deploy@web1 'tty; ls -l /dev/pts; : >steal; sleep 2' >"$LAB/out" 2>"$LAB/err" </dev/null
wait $thief
event '.event=="session.end" and .interactive and .recording.blake2b'
path=$(events '.event=="session.end" and .interactive' | jq -r .recording.path)
wait_until "it is compressed" test -e "$path.zst" -a ! -e "$path"
zstd -qdcf "$path.zst" >"$LAB/cast"
shown "$LAB/cast" | cmp - "$LAB/out" || fail "something was shown that is not on record: $(cat "$LAB/out" "$LAB/thief.out")"
grep -q 'Input/output error' "$LAB/thief.out" || fail "it had no terminal that was taken from it: $(cat "$LAB/thief.out")"
grep -aq 'crw------- 1 root *root' "$LAB/out" || fail "sshd's terminal is still somebody's: $(cat "$LAB/out")"

story "root's session is recorded like anybody's"
fresh
policy <<END2
{ "version": 2, "roles": {
    "web": { "allow": { "logins": ["deploy", "root"], "node_labels": { "*": ["*"] } } },
    "idle": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } }, "options": { "idle_timeout": "3s" } },
    "typed": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } }, "options": { "record_input": true } },
    "one": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } }, "options": { "max_connections": 1 } },
    "brief": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } }, "options": { "max_connection_time": "2s" } } } }
END2
as alice root -tt -- 'tty; who; id -un'
exits 0
unpacked
shown "$LAB/cast" | cmp - "$LAB/out" || fail "the recording differs"
grep -q '^root' "$LAB/out" || fail "not root"

story "who is on: one line a login, with the session's own terminal"
fresh
: >/run/utmp
chmod 644 /run/utmp
(event '.event=="session.start"' >/dev/null; echo 'tty | cut -c 6-; who am i; who | wc -l; exit') | timeout 20 ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt deploy@web1 >"$LAB/out" 2>"$LAB/err"
terminal=$(tr -d '\r' <"$LAB/out" | grep -x 'pts/[0-9]*')
grep -qE "^deploy +$terminal .*\(127.0.0.1\)" "$LAB/out" || fail "who am i: $(cat "$LAB/out")"
tr -d '\r' <"$LAB/out" | grep -qx 1 || fail "more than one line: $(cat "$LAB/out")"
event '.event=="session.end"'
settled
[ -z "$(who)" ] || fail "it is still there: $(who)"

story "a disk that is full: the session goes on, the record ends whole, and that is told"
fresh
mount -t tmpfs -o size=3m,mode=750 tmpfs $RECORDINGS
echo 'RecordingReserve 1MiB' >>/etc/countersign/node.conf
kill "$KEEPER"
wait "$KEEPER" 2>/dev/null
rm -f /run/countersign/keeper.sock
lab_keeper
as alice deploy -tt -- 'stty -opost; seq 1000000; echo end'
exits 0
{ seq 1000000; echo end; } | cmp - "$LAB/out" || fail "the client got something else"
event '.event=="recording.failed" and (.reason|test("No space left")) and .strict==false'
event '.event=="session.end" and .recording.blake2b'
path=$(events '.event=="session.end"' | jq -r .recording.path)
cp "$path" "$LAB/cast" 2>/dev/null || zstd -qdcf "$path.zst" >"$LAB/cast"
shown "$LAB/cast" >"$LAB/shown"
head -c "$(stat -c %s "$LAB/shown")" "$LAB/out" | cmp - "$LAB/shown" || fail "what there is of it is not the beginning"
[ "$(stat -c %s "$LAB/shown")" -gt 1000000 ] || fail "it ends too early"
tail -n 1 "$LAB/cast" | grep -q '"x", "0"' || fail "it has no end: $(tail -n 1 "$LAB/cast")"
umount $RECORDINGS

story "a folder that cannot be written: the session goes on, and that is told"
fresh
mount -t tmpfs -o ro tmpfs $RECORDINGS
as alice deploy -tt -- 'echo here'
exits 0
grep -q here "$LAB/out" || fail "it did not go on"
event '.event=="recording.failed" and (.reason|test("Read-only"))'
event '.event=="session.start" and .session_recording=="off"'
umount $RECORDINGS
sed -i '/RecordingReserve/d' /etc/countersign/node.conf

story "who sits idle is put out, and reads why"
fresh
issue idle idle
(sleep 1; echo 'echo still here'; sleep 20) | timeout 30 ssh -F "$LAB/ssh_config" -i "$LAB/keys/idle" -o ServerAliveInterval=1 -tt deploy@web1 >"$LAB/out" 2>"$LAB/err"
grep -q 'still here' "$LAB/out" || fail "no shell"
grep -q 'this connection is ended: idle for 3s' "$LAB/out" || fail "it was not said: $(cat "$LAB/out")"
event '.event=="client.disconnect" and .reason=="idle for 3s"'
event '.event=="connection.end" and .duration_ms>=4000 and .duration_ms<9000'
unpacked
grep -q '"m", "this connection is ended: idle for 3s"' "$LAB/cast" || fail "it is not on record"

story "what is typed is on record if the role says so, and passwords never are"
issue typed typed
# Typed ahead, at a program that shows it, at one that does not: it turns echo off
# at once, maybe before its recorder runs.
types_three() {
  echo 'typed ahead'
  wait_until "it to read the next" test -s /home/deploy/first
  echo 'a secret'
  wait_until "it to read the third" test -s /home/deploy/second
  echo 'seen here'
  wait_until "it to end" test -s /home/deploy/third
}
for name in typed typed typed alice; do
  fresh
  rm -f /home/deploy/{first,second,third}
  types_three | timeout 30 ssh -F "$LAB/ssh_config" -i "$LAB/keys/$name" -tt deploy@web1 \
    'stty -echo; read -r a; echo "$a" >first; read -r b; stty echo; echo "$b" >second; read -r c; echo "$c" >third' >"$LAB/out" 2>"$LAB/err"
  grep -qx 'a secret' /home/deploy/second || fail "it was not read: $(cat "$LAB/out")"
  grep -qx 'seen here' /home/deploy/third || fail "it was not read: $(cat "$LAB/out")"
  unpacked
  python3 -c 'import json, sys
sys.stdout.write("".join(e[2] for e in map(json.loads, open(sys.argv[1]).readlines()[1:]) if e[1] == "i"))' "$LAB/cast" | tr '\r' '\n' >"$LAB/typed"
  grep -q 'a secret' "$LAB/cast" && fail "a password is on record"
  if [ $name = typed ]; then
    printf 'typed ahead\nseen here\n' | cmp -s - "$LAB/typed" || fail "$name: on record is $(cat "$LAB/typed")"
  else
    [ ! -s "$LAB/typed" ] || fail "$name: on record is $(cat "$LAB/typed")"
  fi
done

story "who types is not idle, nor is a transfer; a forwarding without traffic is"
fresh
(for i in 1 2 3 4 5 6; do sleep 1; echo "echo $i"; done; echo exit) | timeout 30 ssh -F "$LAB/ssh_config" -i "$LAB/keys/idle" -tt deploy@web1 >"$LAB/out" 2>"$LAB/err" ||
  fail "it was put out: $(cat "$LAB/out")"
as idle deploy -- 'for i in 1 2 3 4 5 6 7 8; do sleep 1; head -c 2000 /dev/zero; done'
exits 0
no_event '.event=="client.disconnect"'
as idle deploy -o ServerAliveInterval=1 -N
exits 255
event '.event=="client.disconnect" and .reason=="idle for 3s"'
event '.event=="connection.end" and .rx>1000 and .tx>1000'

story "a longest time is said on the terminal, too"
fresh
issue brief brief
(sleep 10) | timeout 30 ssh -F "$LAB/ssh_config" -i "$LAB/keys/brief" -tt deploy@web1 >"$LAB/out" 2>"$LAB/err"
grep -q 'this connection is ended: the connection has lasted for 2 seconds' "$LAB/out" || fail "it was not said: $(cat "$LAB/out")"
event '.event=="session.end" and .signal=="HUP"'

story "as many connections as the role allows, and no more, also when two come at once"
fresh
issue one one
ssh_stays one deploy -- 'sleep 20'
event '.event=="session.start"'
as one deploy -- 'echo second'
exits 255
says ''
event '.event=="session.rejected" and .reason=="max_connections" and (.error|test("has 1 connections"))'
ssh_goes
pkill -f '^sleep 20'
settled
clients=()
for i in 1 2 3 4; do
  ssh -F "$LAB/ssh_config" -i "$LAB/keys/one" deploy@web1 'sleep 6; echo in' >"$LAB/out.$i" 2>/dev/null </dev/null &
  clients+=($!)
done
wait "${clients[@]}"
[ "$(cat "$LAB"/out.? | grep -c in)" = 1 ] || fail "$(cat "$LAB"/out.? | grep -c in) got in"

story "a connection that is gone does not count, though its command goes on"
fresh
ssh_stays one deploy -- 'sleep 31'
event '.event=="session.start"'
wait_until "it runs" pgrep -f '^sleep 31'
ssh_goes
event '.event=="session.leave"'
as one deploy -- 'echo next'
says next
pkill -f '^sleep 31'

story "a keeper that was killed does not count"
fresh
ssh_stays one deploy -- 'sleep 20'
event '.event=="session.start"'
pkill -9 -P "$KEEPER"
event '.event=="connection.end"'
wait "$CLIENT" 2>/dev/null
as one deploy -- 'echo next'
says next
