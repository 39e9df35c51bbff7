# What the person who is recorded can try against the hooks.
# shellcheck shell=bash

issue alice web
account other /bin/bash

# knock: a program of the user's own that checks in with the keeper
cat >/usr/local/bin/knock <<'END'
#!/usr/bin/python3
import os, socket, struct, sys
path = "/run/countersign/conn/%s" % sorted(os.listdir("/run/countersign/conn"))[0]
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.settimeout(3); s.connect(path)
try:
    s.send(bytes([4, 4]) + struct.pack(">I", 2) + b"id" + struct.pack(">I", 0) + bytes([1, 0]) + struct.pack(">II", 0, 0))
except BrokenPipeError:
    pass  # refused before a word was said
try:
    answer = s.recv(65536)
except ConnectionResetError:
    answer = s.recv(65536)  # closed on what was not read; the word is there
print(answer[1])
END
chmod 755 /usr/local/bin/knock

story "a program of the user's own is not the wrapper"
as alice deploy -- knock
says 6
event '.event=="session.rejected" and .reason=="bad_checkin" and (.error|test("not the session wrapper")) and .pid>0'
[ "$(count_events '.event=="session.start"')" = 1 ] || fail "it got a session"

story "the real wrapper, started by the user, has the wrong parent"
fresh
as alice deploy -- 'sid=$(ls /run/countersign/conn | sed s/.sock//); COUNTERSIGN_CONNECTION=$sid SSH_ORIGINAL_COMMAND="echo inside" /usr/libexec/countersign/session; echo $?'
says 254
event '.event=="session.rejected" and (.error|test("not started by this connection"))'

story "under ptrace it is nobody's wrapper"
fresh
if command -v strace >/dev/null; then
  as alice deploy -- 'sid=$(ls /run/countersign/conn | sed s/.sock//); COUNTERSIGN_CONNECTION=$sid strace -o /dev/null /usr/libexec/countersign/session; echo $?'
  says 254
  event '.event=="session.rejected"'
fi

story "another account cannot check in to it"
fresh
ssh_stays alice deploy -- 'sleep 5'
event '.event=="session.start"'
runs setpriv --reuid=other --regid=other --clear-groups knock
says 6
event '.event=="session.rejected"'
pkill -f '^sleep 5'
wait "$CLIENT" 2>/dev/null

story "a flood of knocks is told, but not for ever"
fresh
as alice deploy -- 'for i in $(seq 60); do knock >/dev/null; done; echo finished'
says finished
settled
[ "$(count_events '.event=="session.rejected"')" = 16 ] || fail "$(count_events '.event=="session.rejected"') rejections"

story "start files of five shells do not run before the wrapper"
declare -A start=([bash]=.bashrc [dash]=.profile [zsh]=.zshenv [fish]=.config/fish/config.fish)
policy <<END
{ "version": 3, "roles": { "web": { "allow": { "logins": ["{{user.local}}", "deploy", "s-bash", "s-dash", "s-zsh", "s-fish"], "node_labels": { "*": ["*"] } } } } }
END
for shell in bash dash zsh fish; do
  account s-$shell "$(command -v $shell)"
  file=/home/s-$shell/${start[$shell]}
  mkdir -p "$(dirname "$file")"
  echo "test -n \"\$COUNTERSIGN_CONNECTION\"; and touch /var/tmp/ran-$shell" >"$file"
  [ $shell = fish ] || echo "[ \"\$COUNTERSIGN_CONNECTION\" ] && touch /var/tmp/ran-$shell" >"$file"
  chown -R s-$shell /home/s-$shell
  as alice s-$shell -- 'echo run'
  says run
  [ -e /var/tmp/ran-$shell ] && fail "$file ran before the wrapper"
done

story "nor what ~/.pam_environment sets"
# It leaves a trace only before the wrapper, which takes the variable away.
cat >/var/tmp/evil.sh <<'END'
#!/bin/sh
if [ "$COUNTERSIGN_CONNECTION" ]; then touch /var/tmp/evil-ran; fi
END
chmod 755 /var/tmp/evil.sh
gcc -shared -fPIC -x c - -o /var/tmp/evil.so <<'END'
#include <fcntl.h>
#include <stdlib.h>
__attribute__((constructor)) static void run(void)
{
	if (getenv("COUNTERSIGN_CONNECTION"))
		open("/var/tmp/evil-ran", O_CREAT | O_WRONLY, 0666);
}
END
for line in 'BASH_ENV DEFAULT=/var/tmp/evil.sh' 'ENV DEFAULT=/var/tmp/evil.sh' 'LD_PRELOAD DEFAULT=/var/tmp/evil.so' \
  'LD_AUDIT DEFAULT=/var/tmp/evil.so' 'PS4 DEFAULT=\$(/var/tmp/evil.sh)' \
  'COUNTERSIGN_CONNECTION DEFAULT=00000000-0000-4000-8000-000000000000'; do
  printf '%s\nSHELLOPTS DEFAULT=xtrace\n' "$line" >/home/s-bash/.pam_environment
  rm -f /var/tmp/evil-ran
  as alice s-bash -- 'echo run'
  says run
  [ -e /var/tmp/evil-ran ] && fail "it ran before the wrapper: $line"
done
rm -f /home/s-bash/.pam_environment

story "nobody but us writes events"
fresh
as alice deploy -- 'logger -p authpriv.info -t countersign "{\"event\":\"forged\"}"; logger -p auth.info -t sshd "Invalid user forged from 1.2.3.4 port 5"; logger -u /run/countersign/log -t countersign "{\"event\":\"forged\"}" 2>/dev/null; echo sent'
says sent
grep -q 'user forged' /var/log/auth.log || fail "logger did not reach rsyslog: the test shows nothing"
settled
sleep 0.3
grep -q forged $EVENTS && ! grep forged $EVENTS | grep -q '"command"' && fail "a forged event"
[ -z "$(events '.event=="forged" or .login=="forged"')" ] || fail "a forged event"

story "the wrapper shows nothing of itself to its user"
as alice deploy -- 'cat /proc/$PPID/environ 2>&1 >/dev/null | grep -o denied; cat /proc/$PPID/mem 2>&1 | grep -o denied; id -G'
grep -c denied "$LAB/out" | grep -qx 2 || fail "it could be looked into"
tail -n 1 "$LAB/out" | grep -qw "$(getent group _countersign-session | cut -d: -f3)" && fail "the user has the group"
true
