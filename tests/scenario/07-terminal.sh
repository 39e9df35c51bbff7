# Terminals: a login shell, its size, job control, hang-up.
# shellcheck shell=bash

account plain /bin/bash
plain_sshd alice
issue alice web

story "ssh host tty without a terminal"
as alice deploy -- tty
exits 1
says 'not a tty'

story "ssh -tt host tty has one, in the session's name"
as alice deploy -tt -- 'tty; echo $SSH_TTY'
exits 0
[ "$(tr -d '\r' <"$LAB/out" | sort -u | wc -l)" = 1 ] || fail "tty and SSH_TTY differ"
event '.event=="session.start" and .interactive and (.size|test("^[0-9]+:[0-9]+$"))'

story "a login shell is one"
fresh
printf 'echo "$0 $-" | tr -d m\nshopt -q login_shell && echo login\nexit 6\n' >"$LAB/typed"
timeout 20 ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt alice@web1 <"$LAB/typed" >"$LAB/out" 2>"$LAB/err"
STATUS=$?
exits 6
tr -d '\r' <"$LAB/out" | grep -q 'login$' || fail "not a login shell"
grep -q -e '-bash ' "$LAB/out" || fail "argv[0] is not -bash"
event '.event=="session.start" and .initial_command==[] and .interactive'
event '.event=="session.end" and .exit_code==6'
no_event '.event=="exec"'

story "who logs in is greeted as by a plain sshd: motd and last login"
for how in -tt -T; do
  timeout 20 ssh -F "$LAB/ssh_config" -p 2222 -i "$LAB/keys/key" $how alice@web1 <"$LAB/typed" >"$LAB/plain.out" 2>&1
  timeout 20 ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" $how alice@web1 <"$LAB/typed" >"$LAB/out" 2>&1
  for shown in "$LAB/plain.out" "$LAB/out"; do
    grep -aE 'Linux|ABSOLUTELY|Last login' "$shown" | sed 's/[0-9:]\{8\} 20/TIME 20/' >"$shown.greeting"
  done
  grep -q ABSOLUTELY "$LAB/out.greeting" || fail "no motd"
  cmp -s "$LAB/plain.out.greeting" "$LAB/out.greeting" || fail "$how: $(diff "$LAB/plain.out.greeting" "$LAB/out.greeting")"
done
touch /home/alice/.hushlogin
timeout 20 ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt alice@web1 <"$LAB/typed" >"$LAB/out" 2>&1
grep -q 'login' "$LAB/out" || fail "no shell"
grep -q ABSOLUTELY "$LAB/out" && fail "not hushed"

story "job control, Ctrl-C and Ctrl-Z work in the login shell"
cat >"$LAB/dialogue.py" <<'END'
import fcntl, os, pty, select, struct, subprocess, sys, termios, time
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
unread = b""
def until(text, limit=15):
    """Reads up to the text and past it; what follows stays for the next."""
    global unread
    end = time.time() + limit
    while text not in unread:
        if time.time() > end:
            print("waited in vain for", text, "in", unread); sys.exit(1)
        if select.select([fd], [], [], 0.1)[0]:
            unread += os.read(fd, 4096)
    unread = unread[unread.index(text) + len(text):]
def say(text): os.write(fd, text)
def runs(command):
    while subprocess.call(["pgrep", "-f", "^" + command], stdout=subprocess.DEVNULL): time.sleep(0.02)
until(b"$ ")
say(b"stty size\r"); until(b"24 80")
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 111, 0, 0))
time.sleep(0.3)
say(b"stty size\r"); until(b"40 111")
say(b"sleep 100\r"); runs("sleep 100"); say(b"\x03"); until(b"^C"); until(b"$ ")
say(b"echo st=$?\r"); until(b"st=130")
say(b"sleep 101\r"); runs("sleep 101"); say(b"\x1a"); until(b"Stopped")
say(b"jobs; kill %1; wait; echo do''ne\r"); until(b"done")
say(b"sleep 0.8; cat\r"); time.sleep(0.3); say(b"ahead\r")
until(b"ahead"); until(b"ahead")
say(b"\x04"); until(b"$ ")
say(b"exit 3\r")
_, status = os.waitpid(pid, 0)
sys.exit(0 if os.WEXITSTATUS(status) == 3 else 1)
END
runs python3 "$LAB/dialogue.py" ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt alice@web1
exits 0

story "Ctrl-Z in a command without a shell does nothing, as on a plain sshd"
cat >"$LAB/stop.py" <<'END'
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
def until(there):
    global seen
    while not there() and (more := os.read(fd, 4096)):
        seen += more
until(lambda: b"ready" in seen); os.write(fd, b"\x1a"); time.sleep(0.3)
os.write(fd, b"here\r"); until(lambda: seen.count(b"here") == 2)
os.write(fd, b"\x04")
try:
    until(lambda: False)
except OSError:
    pass
_, status = os.waitpid(pid, 0)
print(seen.count(b"here"), os.waitstatus_to_exitcode(status))
END
runs python3 "$LAB/stop.py" ssh -F "$LAB/ssh_config" -p 2222 -i "$LAB/keys/key" -tt alice@web1 "echo ready; exec cat"
plain=$(cat "$LAB/out")
runs python3 "$LAB/stop.py" ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt alice@web1 "echo ready; exec cat"
[ "$(cat "$LAB/out")" = "$plain" ] || fail "'$(cat "$LAB/out")', on a plain sshd '$plain'"

story "a client that goes away hangs up the shell and its foreground job"
fresh
ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt alice@web1 'sleep 4242' >/dev/null 2>&1 </dev/null &
client=$!
event '.event=="session.start"'
wait_until "the job runs" pgrep -f '^sleep 4242'
kill -9 $client
wait $client 2>/dev/null
wait_until "the job has ended" bash -c '! pgrep -f "^sleep 4242"'
event '.event=="session.end" and .signal=="HUP"'

story "and a login shell with its job"
fresh
(echo 'sleep 4243'; sleep 12) | ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -tt alice@web1 >/dev/null 2>&1 &
wait_until "the job runs" pgrep -f '^sleep 4243'
pkill -9 -f 'ssh.*alice@web1'
wait_until "the job has ended" bash -c '! pgrep -f "^sleep 4243"'
event '.event=="session.end"'

story "and a shell that is hung up hangs up its background jobs, each time"
for how in plain ours; do
  options=(-F "$LAB/ssh_config" -tt)
  if [ $how = plain ]; then options+=(-p 2222 -i "$LAB/keys/key"); else options+=(-i "$LAB/keys/alice"); fi
  for i in 1 2 3 4 5; do
    (echo 'sleep 4244 &'; sleep 5) | ssh "${options[@]}" alice@web1 >/dev/null 2>&1 &
    wait_until "the job runs" pgrep -f '^sleep 4244'
    sleep 0.2
    pkill -9 -f 'ssh.*alice@web1'
    wait_until "the job has ended, on the $how sshd" bash -c '! pgrep -f "^sleep 4244"'
  done
done
settled
pgrep -u alice >/dev/null && fail "alice still runs something: $(pgrep -alu alice)"
true
