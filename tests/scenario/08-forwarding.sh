# Connections without a session, and with many.
# shellcheck shell=bash

issue alice web
python3 -m http.server -b 127.0.0.1 -d "$root/docs" 8000 >/dev/null 2>&1 &
wait_until "the web server listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/8000' 2>/dev/null

fetch() { curl -s -m 5 -o /dev/null "http://127.0.0.1:$1/events.schema.json"; }

story "ssh -N -L: no session, and a connection that is known all the same"
ssh_stays alice deploy -N -L 9001:127.0.0.1:8000
wait_until "the forwarding works" fetch 9001
event '.event=="connection.start"'
ssh_goes
settled
no_event '.event=="session.start"'
event '.event=="connection.end" and .sessions==0'

story "ControlMaster: five sessions in one connection"
fresh
ssh_stays alice deploy -M -N
wait_until "the master is there" ssh -F "$LAB/ssh_config" -O check -l deploy web1 2>/dev/null
for i in 1 2 3 4 5; do
  as alice deploy -- "sleep 0.3; exit $i" &
done
wait_until "five sessions began" bash -c "[ \$(grep -c session.start $EVENTS) = 5 ]"
sleep 0.6
for i in 1 2 3 4 5; do
  event ".event==\"exec\" and .exit_code==$i"
done
ssh_goes
settled
[ "$(count_events '.event=="connection.start"')" = 1 ] || fail "more than one connection"
[ "$(events '.event=="session.start"' | jq -s 'map(.sid)|unique|length')" = 5 ] || fail "not five sids"
event '.event=="connection.end" and .sessions==5'

story "a role without forwarding has none"
fresh
policy <<END
{ "version": 2, "roles": {
  "shell": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } } },
  "one":   { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
             "options": { "permitopen": ["127.0.0.1:8000"], "pty": false } } } }
END
issue bob shell
ssh_stays bob deploy -N -L 9002:127.0.0.1:8000
wait_until "the client listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/9002' 2>/dev/null
fetch 9002 && fail "forwarded"
ssh_goes

story "permitopen opens exactly its target, no listening, no sockets, no terminal"
issue carol one
ssh_stays carol deploy -N -L 9003:127.0.0.1:8000 -L 9004:127.0.0.1:22
wait_until "the allowed target answers" fetch 9003
timeout 3 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9004; read -r line <&3; [[ $line == SSH-* ]]' && fail "another target"
ssh_goes
as carol deploy -o ExitOnForwardFailure=yes -R 9005:127.0.0.1:8000 -- id
exits 255
as carol deploy -o ExitOnForwardFailure=yes -R /var/tmp/sock:127.0.0.1:8000 -- id
exits 255
python3 -c 'import socket; s=socket.socket(socket.AF_UNIX); s.bind("/var/tmp/up"); s.listen(); s.accept()[0].sendall(b"hello")' &
ssh_stays carol deploy -N -L 9006:/var/tmp/up
wait_until "the client listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/9006' 2>/dev/null
[ "$(timeout 2 cat </dev/tcp/127.0.0.1/9006 2>/dev/null)" = hello ] && fail "a socket was reached"
ssh_goes
as carol deploy -tt -- tty
[ "$STATUS" -ne 0 ] || fail "a terminal"
pkill -f http.server
pkill -f 'AF_UNIX'
true
