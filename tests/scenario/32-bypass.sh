# Ways around the wrapper: closed, or seen and ended.
# shellcheck shell=bash

policy <<END2
{ "version": 1, "roles": {
    "web": { "allow": { "logins": ["deploy", "tc", "root"], "node_labels": { "*": ["*"] } } },
    "strict": { "allow": { "logins": ["tc", "deploy"], "node_labels": { "*": ["*"] } }, "options": { "record": "strict" } } } }
END2
account tc /bin/tcsh
issue alice web
issue strict strict

story "tcsh: an honest one is served, and marked"
as alice tc -- 'echo $shell'
exits 0
says /bin/tcsh
event '.event=="session.start" and .bypassable'
as alice tc -tt -- 'sleep 5; echo still here'
exits 0
no_event '.event=="client.disconnect"'

story "tcsh: its .tcshrc runs something else instead: seen and ended"
fresh
echo 'exec /bin/sh -c "touch /home/tc/inside; exec sleep 28"' >/home/tc/.tcshrc
chown tc /home/tc/.tcshrc
as alice tc -- 'echo never'
exits 255
event '.event=="client.disconnect" and (.reason|test("sleep.*has not come by the session wrapper"))'
settled
pkill -f '^sleep 28'
rm /home/tc/.tcshrc

story "tcsh: it starts the wrapper with another terminal than sshd's, and keeps that"
fresh
cat >/home/tc/.tcshrc <<'END2'
if ($?COUNTERSIGN_CONNECTION) exec /usr/bin/python3 /home/tc/own.py
END2
cat >/home/tc/own.py <<'END2'
import os, pty
pid, fd = pty.fork()
if pid == 0:
    os.execv("/usr/libexec/countersign/session", ["session"])
try:
    while True: os.write(1, os.read(fd, 4096))
except OSError: pass
os.waitpid(pid, 0)
END2
chown tc /home/tc/.tcshrc /home/tc/own.py
as alice tc -tt -- 'echo recorded elsewhere'
event '.event=="session.rejected" and (.error|test("not started by this connection"))'
grep -q 'recorded elsewhere' "$LAB/out" && fail "the wrapper ran"
rm /home/tc/.tcshrc

story "and in its own process, with sshd's terminal behind another"
fresh
cat >/home/tc/.tcshrc <<'END2'
if ($?COUNTERSIGN_CONNECTION) exec /usr/bin/python3 /home/tc/own.py
END2
cat >/home/tc/own.py <<'END2'
import fcntl, os, pty, signal, termios
signal.signal(signal.SIGHUP, signal.SIG_IGN)
master, slave = pty.openpty()
if os.fork() == 0:  # keeps sshd's terminal, and a relay of its own
    os.close(slave)
    try:
        while True: os.write(1, os.read(master, 4096))
    except OSError: os._exit(0)
fcntl.ioctl(0, termios.TIOCNOTTY)
fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
for fd in (0, 1, 2): os.dup2(slave, fd)
os.execv("/usr/libexec/countersign/session", ["session"])
END2
chown tc /home/tc/.tcshrc /home/tc/own.py
as alice tc -tt -- 'echo here'
event '.event=="recording.failed" and (.reason|test("its terminal is not the one that sshd made"))'
grep -q here "$LAB/out" && fail "it ran all the same"
settled
rm /home/tc/.tcshrc

story "under strict tcsh is refused before anything runs"
fresh
as strict tc -- 'touch inside2'
exits 255
event '.event=="session.rejected" and .reason=="bypassable_shell"'
[ -e /home/tc/inside2 ] && fail "it ran"
as strict deploy -- 'echo fine'
says fine

# thief WHAT: a process of the account, left behind by an earlier login: it stops
# the shell that is to start the wrapper and takes its descriptors
cat >/usr/local/bin/thief <<'END2'
#!/usr/bin/python3
"""thief hold|share: stops it for good, or only opens its output and goes on."""
import os, signal, sys, time
end, done = time.time() + 20, set()
while time.time() < end:
    for name in os.listdir("/proc"):
        if not name.isdigit() or name in done: continue
        try: words = open(f"/proc/{name}/cmdline", "rb").read().split(b"\0")
        except OSError: continue
        if len(words) < 3 or words[1] != b"-c" or not words[2].startswith(b"exec /usr/libexec/countersign/session"): continue
        try: os.kill(int(name), signal.SIGSTOP)
        except OSError: continue
        done.add(name)
        try:
            fd = os.open(f"/proc/{name}/fd/1", os.O_WRONLY | os.O_NOCTTY)
        except OSError: fd = -1
        if sys.argv[1] == "share":
            os.kill(int(name), signal.SIGCONT)
            time.sleep(0.6)
            if fd >= 0: os.write(fd, b"UNSEEN\n")
            os.close(fd)
END2
chmod 755 /usr/local/bin/thief

# tries NAME EVENT: logins of NAME until the event is there; the thief may be late
tries() {
  local i
  for i in 1 2 3 4 5 6 7 8; do
    timeout 8 ssh -F "$LAB/ssh_config" -i "$LAB/keys/$1" deploy@web1 'sleep 1; echo bye' >>"$LAB/seen" 2>>"$LAB/err" </dev/null
    sleep 0.2
    [ -n "$(events "$2")" ] && return
  done
  fail "eight logins, and no event with $2"
}

story "the login shell is stopped before it starts the wrapper: seen and ended, also under strict"
for role in alice strict; do
  fresh
  as alice deploy -- 'thief hold </dev/null >/dev/null 2>&1 &'
  tries $role '.event=="client.disconnect" and (.reason|test("has not come by the session wrapper"))'
  pkill -9 -u deploy
  wait_until "all is over" bash -c '! pgrep -u deploy >/dev/null'
done

story "somebody takes the pipes of a session that must be recorded: there is none"
fresh
: >"$LAB/seen"
as alice deploy -- 'thief share </dev/null >/dev/null 2>&1 &'
tries strict '.event=="recording.failed" and (.reason|test("another process of the account has its pipes open"))'
pkill -9 -u deploy
settled

story "start files of shells that are closed do not run before the wrapper"
fresh
for file in .bashrc .bash_profile .profile .zshenv .zshrc; do
  echo 'echo "FILE $COUNTERSIGN_CONNECTION" >>/home/deploy/ran; [ -z "$COUNTERSIGN_CONNECTION" ] || exec sleep 29' >/home/deploy/$file
  chown deploy /home/deploy/$file
done
for shell in /bin/bash /bin/zsh /bin/dash; do
  usermod -s $shell deploy
  as alice deploy -- 'echo inside'
  exits 0
done
[ -e /home/deploy/ran ] && grep -q 'FILE .' /home/deploy/ran && fail "a start file ran with the connection's id: $(cat /home/deploy/ran)"
usermod -s /bin/bash deploy
rm /home/deploy/.bashrc /home/deploy/.bash_profile /home/deploy/.profile /home/deploy/.z*

story "what looks like a copy and is a shell is recorded as one"
fresh
as alice deploy -tt -- 'scp -t /tmp; echo a shell after all'
event '.event=="session.end" and .interactive and .recording.blake2b'
event '.event=="session.start" and .session_recording=="best_effort"'

story "a second channel of a multiplexed connection is a session like the first"
fresh
ssh_stays alice deploy -M -N
wait_until "the master is there" ssh -F "$LAB/ssh_config" -O check -l deploy web1 2>/dev/null
for i in 1 2 3; do
  runs ssh -F "$LAB/ssh_config" -tt -l deploy web1 "echo channel $i"
  exits 0
done
ssh_goes
settled
[ "$(count_events '.event=="session.end" and .recording.blake2b')" = 3 ] || fail "not three recordings"

story "root's terminal is taken from root's other connections as well"
fresh
cat >/usr/local/bin/rootthief <<'END2'
#!/usr/bin/python3
import os, time
held, end = {}, time.time() + 4
while time.time() < end:
    for name in os.listdir("/dev/pts"):
        if name.isdigit() and name not in held:
            try: held[name] = os.open("/dev/pts/" + name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            except OSError: pass
    time.sleep(0.0005)
for name, fd in sorted(held.items(), key=lambda p: int(p[0])):
    try: os.write(fd, b"UNSEEN\n"); print(name, "written")
    except OSError as e: print(name, e.strerror)
END2
chmod 755 /usr/local/bin/rootthief
ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" root@web1 rootthief >"$LAB/thief.out" 2>&1 </dev/null &
thief=$!
event '.event=="session.start" and .interactive==false'
as alice root -tt -- 'tty; sleep 1.5'
wait $thief
grep -q 'Input/output error' "$LAB/thief.out" || fail "$(cat "$LAB/thief.out")"
