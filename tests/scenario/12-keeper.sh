# Without the keeper there is no session; a keeper that dies harms none.
# shellcheck shell=bash

issue alice web
as alice deploy -- true
exits 0

story "no keeper: no login, and no ssh -N either"
fresh
kill "$KEEPER"
wait "$KEEPER" 2>/dev/null
as alice deploy -- 'echo inside'
exits 255
says ''
event '.event=="session.rejected" and .emitter=="pam" and .reason=="keeper"'
runs timeout 10 ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -N -l deploy web1
exits 255

story "a keeper that never answers: refused after its second"
fresh
rm -f /run/countersign/keeper.sock
python3 -c '
import socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.bind("/run/countersign/keeper.sock"); s.listen(8)
time.sleep(30)' &
mute=$!
wait_until "it listens" test -S /run/countersign/keeper.sock
as alice deploy -- 'echo inside'
exits 255
event '.event=="session.rejected" and .reason=="keeper"'
kill $mute
rm -f /run/countersign/keeper.sock

story "a keeper that is killed: its connection ends, and that is on record"
lab_keeper
: >$EVENTS
ssh_stays alice deploy -M -N
wait_until "the master is there" ssh -F "$LAB/ssh_config" -O check -l deploy web1 2>/dev/null
ssh -F "$LAB/ssh_config" -l deploy web1 'sleep 1; exit 7' >/dev/null 2>&1 &
slow=$!
event '.event=="session.start"'
pkill -9 -P "$KEEPER"
wait $slow
STATUS=$?
exits 255
event '.event=="client.disconnect" and .reason=="the keeper was killed"'
event '.event=="session.end" and .error=="the keeper was killed"'
event '.event=="connection.end" and .reason=="the keeper was killed" and .sessions==1'
[ "$(events .ei | jq -c .ei | sort -n | tr '\n' ' ')" = "0 1 2 3 4 5 " ] || fail "numbers are missing"
[ -z "$(ls -A /run/countersign/conn; ls /run/countersign/state)" ] || fail "something was left behind"
wait "$CLIENT" 2>/dev/null
pkill -f '^sleep 1'

story "one that was killed together with who started it"
fresh
ssh_stays alice deploy -- 'sleep 35'
event '.event=="session.start"'
pkill -9 -f /usr/libexec/countersign/keeper
rm -f /run/countersign/keeper.sock
lab_keeper
event '.event=="session.end" and .error=="the keeper was killed"'
event '.event=="connection.end" and .reason=="the keeper was killed"'
wait "$CLIENT" 2>/dev/null
pkill -f '^sleep 35'

story "/run is full: a session more is refused, and the keeper lives"
fresh
ssh_stays alice deploy -M -N
wait_until "the master is there" ssh -F "$LAB/ssh_config" -O check -l deploy web1 2>/dev/null
ssh -F "$LAB/ssh_config" -l deploy web1 'sleep 36' >/dev/null 2>&1 &
event '.event=="session.start"'
one=$(pgrep -P "$KEEPER")
mount -o remount,size=4m /run
dd if=/dev/zero of=/run/fill bs=4k 2>/dev/null
runs ssh -F "$LAB/ssh_config" -l deploy web1 'echo inside'
exits 254
warns 'there is no room for it in /run'
[ "$(pgrep -P "$KEEPER")" = "$one" ] || fail "the keeper is another: $(pgrep -P "$KEEPER")"
rm /run/fill
runs ssh -F "$LAB/ssh_config" -l deploy web1 'echo inside'
says inside
ssh_goes
pkill -f '^sleep 36'

story "a keeper that is told to stop writes the ends"
ssh_stays alice deploy -M -N
wait_until "the master is there" ssh -F "$LAB/ssh_config" -O check -l deploy web1 2>/dev/null
ssh -F "$LAB/ssh_config" -l deploy web1 'sleep 30' >/dev/null 2>&1 &
event '.event=="session.start"'
pkill -TERM -P "$KEEPER"
event '.event=="session.end"'
event '.event=="connection.end" and .reason=="the keeper was stopped"'
[ -z "$(ls -A /run/countersign/conn)" ] || fail "a socket was left behind"
ssh_goes
pkill -f 'sleep 30'

story "kill -9 of the wrapper: its end is written"
fresh
ssh_stays alice deploy -- 'sleep 33'
event '.event=="session.start"'
wait_until "it runs" pgrep -f '^sleep 33'
pkill -9 -f /usr/libexec/countersign/session
event '.event=="session.end" and .error=="the session wrapper was killed"'
pkill -f '^sleep 33'
wait "$CLIENT" 2>/dev/null

story "kill -9 of both sshd processes: their end is written"
fresh
ssh_stays alice deploy -- 'exec sleep 34'
wait_until "it runs" pgrep -f '^sleep 34'
pkill -9 -f 'sshd: deploy'
event '.event=="session.leave"'
pkill -f '^sleep 34'
event '.event=="session.end"'
event '.event=="connection.end"'
wait "$CLIENT" 2>/dev/null
true
