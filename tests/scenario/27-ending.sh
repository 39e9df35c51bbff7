# A connection ends when its role or its certificate says so, whatever the
# person at its end does.
# shellcheck shell=bash

policy <<END
{ "version": 1, "roles": {
    "short": { "allow": { "logins": ["deploy", "root"], "node_labels": { "*": ["*"] } },
               "options": { "port_forwarding": true, "max_connection_time": "2s" } },
    "cert":  { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
               "options": { "disconnect_expired_cert": true } },
    "brief": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
               "options": { "disconnect_expired_cert": true, "max_session_ttl": "6s" } },
    "two":   { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
               "options": { "max_sessions": 2 } },
    "free":  { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } } } } }
END
issue short short
issue two two
issue free free
python3 -m http.server -b 127.0.0.1 -d "$root/docs" 8000 >/dev/null 2>&1 &
wait_until "the web server listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/8000' 2>/dev/null
fetch() { curl -s -m 2 -o /dev/null "http://127.0.0.1:$1/events.schema.json"; }

# put_out PID: that client ends within the five seconds of a look, and a few
put_out() {
  local i
  for ((i = 0; i < 100; i++)); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  fail "the connection has not been ended"
}

# nobody_left: no sshd of a connection is there any more
nobody_left() { ! pgrep -f '^sshd: (deploy|root)' >/dev/null; }

# ended REASON: the client has been put out, sshd is gone, and why is on record;
# connection.end comes when what the person started has ended, too
ended() {
  event ".event==\"client.disconnect\" and .code==\"T3006I\" and (.reason|test(\"$1\"))"
  wait_until "no sshd is left" nobody_left
  event ".event==\"connection.end\" and (.reason|test(\"$1\"))"
  settled
}

story "a connection has a longest time"
as short deploy -- 'sleep 5'
exits 255
ended '2 seconds'
event '.event=="session.end"'

story "also one without a session: its forwardings end with it"
fresh
ssh_stays short deploy -N -L 9001:127.0.0.1:8000
wait_until "the forwarding works" fetch 9001
ended '2 seconds'
fetch 9001 && fail "the forwarding still works"

story "also when its user has stopped the sshd that is theirs"
fresh
as short deploy -- 'kill -STOP $(ps -o ppid= -p $PPID); sleep 5'
exits 255
ended '2 seconds'

story "also when its monitor has been killed, and the rest of it lives on"
fresh
ssh_stays short deploy -N -L 9002:127.0.0.1:8000
wait_until "the forwarding works" fetch 9002
pkill -KILL -f '^sshd: deploy \[priv\]'
fetch 9002 || fail "the post-auth sshd is gone by itself"
ended '2 seconds'
fetch 9002 && fail "the forwarding still works"

story "also root's, which has one sshd"
fresh
as short root -- 'sleep 5'
exits 255
ended '2 seconds'

story "an sshd that root has started from such a session is not its"
fresh
install -m 4755 /bin/bash "$LAB/rootbash"
ssh_stays short deploy -- "$LAB/rootbash -p -c '/usr/sbin/sshd -p 2299 -o PidFile=/run/other.pid'; sleep 5"
wait_until "the other sshd listens" test -s /run/other.pid
cmp -s "/proc/$(cat /run/other.pid)/sessionid" "/proc/$(pgrep -f '^sshd: deploy@')/sessionid" ||
  fail "it is of another audit session: this proves nothing"
pkill -KILL -f '^sshd: deploy \[priv\]'
ended '2 seconds'
bash -c 'exec 3<>/dev/tcp/127.0.0.1/2299' 2>/dev/null || fail "the other sshd was ended, too"
kill "$(cat /run/other.pid)"

story "one whose certificate expires"
fresh
by_keygen cert "$LAB/ca/user_ca" -I user@example.com -n role:cert -V "always:$(date -u -d '+4 seconds' +%Y%m%d%H%M%SZ)" -z 9
as cert deploy -- 'echo in; sleep 5'
exits 255
says in
ended 'what the certificate gave ended at 20'

story "one whose certificate is good for longer than the role accepts"
fresh
by_keygen brief "$LAB/ca/user_ca" -I user@example.com -n role:brief -V +0s:+1h -z 12
as brief deploy -- 'echo in; sleep 9'
exits 255
says in
ended 'what the certificate gave ended at 20'

story "and without either, nothing ends"
fresh
by_keygen gone "$LAB/ca/user_ca" -I user@example.com -n role:free -V "always:$(date -u -d '+3 seconds' +%Y%m%d%H%M%SZ)" -z 10
as gone deploy -- 'sleep 5; echo still here'
exits 0
says 'still here'
no_event '.event=="client.disconnect"'

story "somebody is locked: their open connections end, and nobody else's"
fresh
issue alice free
ssh_stays free deploy -N
other=$CLIENT
ssh_stays alice deploy -N
event '.event=="connection.start" and .user=="alice@example.com"'
event '.event=="connection.start" and .user=="free@example.com"'
sleep 6
no_disconnect() { [ -z "$(events '.event=="client.disconnect"')" ] || fail "ended without a lock"; }
no_disconnect
countersign-node lock stolen --user alice@example.com --reason stolen >/dev/null || fail "no lock"
put_out "$CLIENT"
event '.event=="client.disconnect" and .user=="alice@example.com" and (.reason|test("locked by .*stolen"))'
sleep 6
[ "$(count_events '.event=="client.disconnect"')" = 1 ] || fail "others were put out, too"
kill -0 "$other" || fail "another one's connection was ended"

story "also by the fleet's policy, and when the certificate has expired since"
by_keygen old "$LAB/ca/user_ca" -I old@example.com -n role:free -V "always:$(date -u -d '+3 seconds' +%Y%m%d%H%M%SZ)" -z 11
ssh_stays old deploy -N
event '.event=="connection.start" and .user=="old@example.com"'
sleep 4
policy <<END
{ "version": 2, "roles": {
    "free":  { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } } },
    "two":   { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
               "options": { "max_sessions": 2 } } },
  "locks": [ { "name": "inc-7", "target": { "role": "free" }, "reason": "an incident" } ] }
END
put_out "$CLIENT"
put_out "$other"
event '.event=="client.disconnect" and .user=="old@example.com" and (.reason|test("inc-7"))'
settled

story "two sessions at a time, and not three"
fresh
ssh_stays two deploy -M -N
wait_until "the master is there" ssh -F "$LAB/ssh_config" -O check -l deploy web1 2>/dev/null
for _ in 1 2; do
  ssh -F "$LAB/ssh_config" -l deploy web1 'sleep 3' >/dev/null 2>&1 &
done
wait_until "two sessions began" bash -c "[ \$(grep -c session.start $EVENTS) = 2 ]"
as two deploy -- 'echo third'
exits 254
says ''
warns 'no more sessions'
event '.event=="session.rejected" and (.error|test("no more sessions"))'
sleep 3.5
as two deploy -- 'echo fourth'
says fourth
ssh_goes
settled
