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
