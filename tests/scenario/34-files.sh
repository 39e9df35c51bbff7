# What is done to files over SFTP and scp, one by one; and nobody notices.
# shellcheck shell=bash

policy <<END2
{ "version": 1, "roles": {
    "deploy": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } } },
    "strict": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } }, "options": { "record": "strict" } } } }
END2
issue alice deploy
issue sally strict
plain_sshd deploy

# The names and words of the events of a kind, in order.
done_to_files() { events ".event==\"$1\"" | jq -r "$2"; }
sftp_as() { runs sftp -F "$LAB/ssh_config" -i "$LAB/keys/$1" -b "$LAB/batch" "${@:2}" deploy@web1; }
scp_as() { runs scp -F "$LAB/ssh_config" -i "$LAB/keys/$1" "${@:2}"; }

head -c 300000 /dev/urandom >"$LAB/random"
mkdir -p "$LAB/tree/sub" && echo one >"$LAB/tree/one" && : >"$LAB/tree/sub/empty"

story "sftp: each operation, its path, what came of it"
cat >"$LAB/batch" <<END2
put $LAB/random up
get up $LAB/back
mkdir d
-rm nothing
-get /etc/shadow $LAB/shadow
rename up d/up2
chmod 600 d/up2
ln -s d/up2 link
ln d/up2 hard
ls d
cp d/up2 d/copy
rm d/up2
rm d/copy
rm hard
rm link
rmdir d
END2
fresh
sftp_as alice
exits 0
cmp "$LAB/random" "$LAB/back" || fail "it came back as something else"
event '.event=="session.end"'
h=/home/deploy
diff <(done_to_files sftp 'select(.action|IN("stat","lstat","fstat","realpath")|not) |
  [.action, .path, .target_path, .error, .bytes_read, .bytes_written] | map(select(. != null)) | join(" ")') - <<END2 ||
open $h/up
close $h/up 0 300000
open $h/up
close $h/up 300000 0
mkdir $h/d
remove $h/nothing no such file
open /etc/shadow permission denied
rename $h/up $h/d/up2
setstat $h/d/up2
symlink d/up2 $h/link
link $h/d/up2 $h/hard
opendir $h/d/
close $h/d/
open $h/d/up2
open $h/d/copy
copy $h/d/up2 $h/d/copy
close $h/d/up2 0 0
close $h/d/copy 0 0
remove $h/d/up2
remove $h/d/copy
remove $h/hard
remove $h/link
rmdir $h/d
END2
  fail "the operations are not those"
event '.event=="sftp" and .action=="open" and .code=="TS001I" and .flags==["write","create","truncate"] and .attributes.permissions=="0644"'
event '.event=="sftp" and .action=="open" and .code=="TS001E" and .path=="/etc/shadow"'
event '.event=="sftp" and .action=="symlink" and .working_directory=="/home/deploy"'
event '.event=="sftp" and .action=="setstat" and .attributes=={"permissions":"0600"}'
event '.event=="sftp_summary" and .is_last and .part==1 and .bytes_read==300000 and .bytes_written==300000 and .files==4 and .not_told==0
  and .file_transfer_stats[0]=={"path":"/home/deploy/up","bytes_read":0,"bytes_written":300000}'
[ "$(events .sid | jq -r '.sid // empty' | sort -u | wc -l)" = 1 ] || fail "the events are not of one session"

story "what each version of scp, and rsync, does is as on a plain sshd"
for copy in "scp -r" "scp -O -r" "scp -O -p -r"; do
  for name in alice sally; do
    rm -rf "$h/tree" "$LAB/again"
    fresh
    runs $copy -F "$LAB/ssh_config" -i "$LAB/keys/$name" "$LAB/tree" deploy@web1:
    exits 0
    silent
    diff -r "$LAB/tree" "$h/tree" || fail "$copy of $name: it arrived as something else"
    runs $copy -F "$LAB/ssh_config" -i "$LAB/keys/$name" deploy@web1:tree "$LAB/again"
    exits 0
    silent
    diff -r "$LAB/tree" "$LAB/again" || fail "$copy of $name: it came back as something else"
    wait_until "both have ended" bash -c "[ \$(grep -c session.end $EVENTS) = 2 ]"
    no_event '.event=="recording.failed"'
  done
done
diff <(done_to_files scp '[.code, .action, .path, .name, .bytes] | join(" ")' | sort) - <<END2 || fail "the copies are not those"
T3004I download tree tree/one 4
T3004I download tree tree/sub/empty 0
T3005I upload . tree/one 4
T3005I upload . tree/sub/empty 0
END2

story "an error of scp's is told in its words"
fresh
scp_as alice -O deploy@web1:/etc/shadow deploy@web1:nothing "$LAB/tree/"
exits 1
warns 'nothing: No such file'
event '.event=="scp" and .code=="T3004E" and .path=="/etc/shadow" and (.error|test("^the server says: .*Permission denied"))'
event '.event=="scp" and .code=="T3004E" and .path=="nothing" and (.error|test("^the server says: .*No such file"))'
scp_as alice -O "$LAB/random" deploy@web1:/etc/no
exits 1
event '.event=="scp" and .code=="T3005E" and .path=="/etc/no" and .name=="random" and .bytes==0 and (.error|test("^the server says: .*Permission denied"))'

story "under strict its bytes are on record as well"
printf 'get /etc/hostname %s/hostname\n' "$LAB" >"$LAB/batch"
fresh
sftp_as sally
event '.event=="session.start" and .session_recording=="strict"'
event '.event=="session.end" and .recording.blake2b'
event '.event=="sftp" and .action=="close" and .path=="/etc/hostname"'

story "a file that was not closed, and one whose session was killed"
fresh
printf 'put %s half\n' "$LAB/random" >"$LAB/batch"
sftp -l 800 -F "$LAB/ssh_config" -i "$LAB/keys/alice" -b "$LAB/batch" deploy@web1 >/dev/null 2>&1 &
client=$!
wait_until "some has arrived" test -s "$h/half"
kill -9 $client
event '.event=="sftp" and .action=="close" and .code=="TS002E" and .path=="/home/deploy/half" and .bytes_written>0 and .bytes_written<300000'
event '.event=="sftp_summary" and .file_transfer_stats[0].path=="/home/deploy/half" and .is_last'
event '.event=="session.end"'

story "more files than one event has room for"
mkdir "$LAB/many"
(cd "$LAB/many" && seq -f 'a-file-with-a-name-of-some-length-%g' 200 | xargs touch)
fresh
runs scp -r -F "$LAB/ssh_config" -i "$LAB/keys/alice" "$LAB/many" deploy@web1:
exits 0
event '.event=="sftp_summary" and .is_last and .part>1 and .files==200'
[ "$(done_to_files sftp_summary '.file_transfer_stats[].path' | sort -u | wc -l)" = 200 ] || fail "some are not summed up"
no_event '.truncated'

story "whoever only looks, many times, is counted"
seq -f '-ls -l /nothing%g' 400 >"$LAB/batch"
fresh
sftp_as alice
event '.event=="sftp_summary" and .not_told>200 and .operations>400'
[ "$(events '.action=="lstat" or .action=="stat"' | wc -l)" -ge 100 ] || fail "fewer than a hundred were told"

story "names that are hostile"
name=$'new\nline\e[31m\xff"quote'
: >"$LAB/tree/$name"
fresh
runs scp -r -F "$LAB/ssh_config" -i "$LAB/keys/alice" "$LAB/tree" deploy@web1:named
runs scp -O -r -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1:named "$LAB/named"
event '.event=="sftp" and .action=="open" and (.path|test("new\nline\u001b\\[31m\ufffd\"quote"))'
event '.event=="scp" and (.name|test("quote"))'

story "a server that is not one: the session goes on, and that is told"
printf '#!/bin/sh\necho this is not SFTP at all; cat\n' >"$h/sftp-server" && chmod 755 "$h/sftp-server"
fresh
echo hello | ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1 "$h/sftp-server" >"$LAB/out" 2>"$LAB/err"
says $'this is not SFTP at all\nhello'
event '.event=="recording.failed" and .strict==false and (.reason|test("what is done to files is not told any more"))'
event '.event=="exec" and .exit_code==0'

story "a command that is more than a copy is a command like any other"
fresh
printf 'C0644 1 more\n' | ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1 'cat; scp -t in; echo more' >"$LAB/out" 2>"$LAB/err"
event '.event=="exec"'
no_event '.event=="scp" or .event=="recording.failed" or .event=="session.data"'

story "a client that sends everything at once, waiting for nothing"
fresh
install -d -o deploy "$h/in"
printf 'C0644 6 sent\nwhole\n\0C0644 3 more\nabc\0' |
  ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1 'scp -t in' >"$LAB/out" 2>"$LAB/err"
[ "$(cat "$h/in/sent")" = whole ] && [ "$(cat "$h/in/more")" = abc ] || fail "it arrived as '$(cat "$h/in/sent")' and '$(cat "$h/in/more")'"
event '.event=="scp" and .name=="sent" and .bytes==6 and .code=="T3005I"'
event '.event=="scp" and .name=="more" and .bytes==3 and .code=="T3005I"'
# A record where a file's data would be, had it not been refused.
fresh
printf 'C0644 20 dir\nC0644 4 hidden\nevil\0\0C0644 2 seen\nok\0' >"$LAB/in"
mkdir "$h/in/dir"
ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1 'scp -t in' <"$LAB/in" >"$LAB/out" 2>"$LAB/err"
event '.event=="session.end"'
event '.event=="scp" and .name=="dir" and .code=="T3005E"'
for name in hidden seen; do
  if [ -e "$h/in/$name" ]; then event ".event==\"scp\" and .name==\"$name\" and .code==\"T3005I\""; fi
done
[ -e "$h/in/hidden" ] || fail "scp did not take what came after its refusal: this story shows nothing"

story "the recorder is killed: so is the session, and that is told"
fresh
printf 'put %s half\n' "$LAB/random" >"$LAB/batch"
sftp -l 800 -F "$LAB/ssh_config" -i "$LAB/keys/alice" -b "$LAB/batch" deploy@web1 >/dev/null 2>&1 &
client=$!
event '.event=="sftp" and .action=="open"'
pkill -9 -x recorder
event '.event=="recording.failed" and (.reason|test("killed"))'
event '.event=="session.end"'
wait $client && fail "sftp says that it was copied"

story "a client of one's own cannot do what is not told"
cat >"$LAB/raw.py" <<'END2'
import os, struct, subprocess, sys, time
lab, key, what = sys.argv[1:4]
p = subprocess.Popen(["ssh", "-F", f"{lab}/ssh_config", "-i", f"{lab}/keys/{key}", "-s", "deploy@web1", "sftp"],
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
u = lambda n: struct.pack(">I", n)
q = lambda n: struct.pack(">Q", n)
s = lambda t: u(len(t)) + t
packet = lambda kind, body: s(bytes([kind]) + body)
def send(*packets): p.stdin.write(b"".join(packets)); p.stdin.flush()
def answer():
    n = struct.unpack(">I", p.stdout.read(4))[0]
    return p.stdout.read(n)
send(packet(1, u(3))); answer()
handle = u(0)
if what == "guessed":
    send(packet(3, u(1) + s(b"innocent") + u(1) + u(0)), packet(4, u(2) + s(handle)), packet(3, u(3) + s(b"secret") + u(1) + u(0)),
         packet(5, u(4) + s(handle) + q(0) + u(100)), packet(4, u(5) + s(handle)))
    for _ in range(5): answer()
if what == "short":
    body = b"\x0d" + u(1) + u(6) + b"victim"
    try: send(u(5) + body); p.stdin.close()
    except BrokenPipeError: pass
if what == "flood":
    for i in range(3000): send(packet(15, u(i) + s(b"none%d" % i)))
    send(packet(13, u(1) + s(b"victim")))
    for i in range(3000): send(packet(15, u(i) + s(b"none%d" % i)))
    for _ in range(6001): answer()
try: p.stdin.close()
except BrokenPipeError: pass
p.wait()
END2
raw() {
  fresh
  for name in innocent secret victim; do echo "$name" >"$h/$name"; done
  chown deploy: "$h"/{innocent,secret,victim}
  timeout 50 python3 "$LAB/raw.py" "$LAB" alice "$1"
  event '.event=="connection.end"'
}
raw guessed
event '.event=="sftp" and .action=="close" and .path=="secret" and .bytes_read==7'
event '.event=="sftp" and .action=="close" and .path=="innocent" and .bytes_read==0'
raw short
[ -e "$h/victim" ] || fail "it was removed"
event '.event=="recording.failed" and (.reason|test("a request that no client sends; the session is ended"))'
# Asked for while the server is busy, and gone before it answers: it does one more
# thing, unless it dies of the first answer. ssh does not close a channel so.
cat >"$LAB/late.py" <<'END2'
import paramiko, socket, struct, sys, time
lab = sys.argv[1]
u = lambda n: struct.pack(">I", n)
q = lambda n: struct.pack(">Q", n)
s = lambda t: u(len(t)) + t
packet = lambda kind, body: s(bytes([kind]) + body)
key = paramiko.Ed25519Key.from_private_key_file(f"{lab}/keys/alice")
key.load_certificate(f"{lab}/keys/alice-cert.pub")
t = paramiko.Transport(socket.create_connection(("127.0.0.1", 22)))
t.start_client()
t.auth_publickey("deploy", key)
c = t.open_session(window_size=1 << 22)
c.invoke_subsystem("sftp")
def take(n):
    b = b""
    while len(b) < n: b += c.recv(n - len(b))
    return b
answer = lambda: take(struct.unpack(">I", take(4))[0])
c.sendall(packet(1, u(3))); answer()
c.sendall(packet(3, u(1) + s(b"/dev/zero") + u(1) + u(0)) + packet(3, u(2) + s(b"/dev/null") + u(2) + u(0))); answer(); answer()
junk = packet(99, u(9) + b"j" * 200000)
c.sendall(packet(200, u(3) + s(b"copy-data") + s(u(0)) + q(0) + q(12 << 30) + s(u(1)) + q(0)) + junk * 5 +
          packet(18, u(4) + s(b"victim") + s(b"moved")) + junk)
c.close()
time.sleep(2)
t.close()
END2
done_unanswered=0
for _ in 1 2 3; do
  fresh
  rm -f "$h/moved"
  echo victim >"$h/victim" && chown deploy: "$h/victim"
  timeout 50 python3 "$LAB/late.py" "$LAB"
  event '.event=="connection.end"'
  [ -e "$h/moved" ] || continue
  done_unanswered=$((done_unanswered + 1))
  event '.event=="sftp" and .action=="rename" and .path=="victim" and .target_path=="moved"'
done
[ $done_unanswered -gt 0 ] || fail "the server did nothing of it: this story shows nothing"
rm -f "$h/moved"
raw flood
event '.event=="sftp" and .action=="remove" and .path=="victim" and .code=="TS011I"'
[ "$(count_events '.event=="sftp" and .action=="rmdir"')" = 6000 ] || fail "$(count_events '.action=="rmdir"') of 6,000 were told"
no_event '.event=="audit.gap"'
# scp's record that is longer than its buffer.
fresh
{ printf 'C0644 100 seen\0'; head -c 2100 /dev/zero | tr '\0' A; printf '\nC0644 2 hidden\nab\0'; } |
  ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1 'scp -t in' >"$LAB/out" 2>"$LAB/err"
event '.event=="recording.failed" and (.reason|test("longer than any of scp"))'
[ ! -e "$h/in/hidden" ] || [ "$(cat "$h/in/hidden")" = evil ] || fail "a file came by unseen"
