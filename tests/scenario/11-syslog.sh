# The log goes away, hangs, comes back: logins do not wait, and what was lost
# is told.
# shellcheck shell=bash

issue alice web
as alice deploy -- true
exits 0
fresh

story "no log socket at all: logins go on, denials stay denials"
kill "$(cat /run/rsyslogd.pid)"
wait_until "rsyslog is gone" bash -c "! pgrep -x rsyslogd"
rm -f /dev/log /run/countersign/input/log
as alice deploy -- echo on
says on
as alice root -- id
refused
as alice root -- id
refused
[ "$(cat /run/countersign/lost/principals)" = 2 ] || fail "the loss was not counted"

story "the log is back: the next event brings the count"
lab_rsyslog
as alice root -- id
refused
event '.event=="audit.gap" and .emitter=="principals" and .lost==2'
[ -s /run/countersign/lost/principals ] && fail "the count was not taken"
as alice deploy -- true
exits 0
event '.event=="connection.end"'

story "and the keeper of the first login, whom nobody waits for, tells it all"
event '.event=="exec" and .command=="echo on"'
: >$EVENTS

story "what a keeper could not send it sends later: nothing of a connection is lost"
ssh_stays alice deploy -M -N
wait_until "the master is there" ssh -F "$LAB/ssh_config" -O check -l deploy web1 2>/dev/null
event '.event=="connection.start"'
kill "$(cat /run/rsyslogd.pid)"
wait_until "rsyslog is gone" bash -c "! pgrep -x rsyslogd"
rm -f /dev/log /run/countersign/input/log
as alice deploy -- 'exit 4'
exits 4
lab_rsyslog
event '.event=="exec" and .exit_code==4'
ssh_goes
settled
check_events

story "a log that hangs hangs nobody"
fresh
kill -STOP "$(cat /run/rsyslogd.pid)"
python3 - <<'END'
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.setblocking(False); s.connect("/run/countersign/input/log")
try:
    while True: s.send(b"<86>filler: " + b"x" * 1000)
except BlockingIOError: pass
END
as alice deploy -- echo alive
says alive
# The helper alone: sshd itself waits for /dev/log, once its queue is full.
for _ in 1 2 3; do
  runs timeout 1 setpriv --reuid=_countersign --regid=_countersign --init-groups \
    /usr/libexec/countersign/principals root "$(cut -d ' ' -f 2 "$LAB/keys/alice-cert.pub")"
  exits 0
  says ''
done
kill -CONT "$(cat /run/rsyslogd.pid)"

story "and what it lost is counted, by whom"
as alice root -- id
refused
event '.event=="audit.gap" and .emitter=="principals" and .lost==3'
grep -q filler $EVENTS && fail "what is no event of ours is in the log"

story "but of a connection nothing"
event '.event=="exec" and .command=="echo alive"'
settled
check_events
