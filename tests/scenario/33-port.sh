# Each forwarding is an event, granted or refused, of the connection that it is
# of; and nobody else can make one.
# shellcheck shell=bash

policy <<END2
{ "version": 1, "roles": {
    "free": { "allow": { "logins": ["deploy", "root"], "node_labels": { "*": ["*"] } }, "options": { "port_forwarding": true } },
    "one":  { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } }, "options": { "permitopen": ["127.0.0.1:8000"] } },
    "all":  { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } }, "options": { "agent_forwarding": true, "x11_forwarding": true } },
    "none": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } } } } }
END2
for name in free one none all; do issue $name $name; done
python3 -m http.server -b 127.0.0.1 -d "$root/docs" 8000 >/dev/null 2>&1 &
wait_until "the web server listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/8000' 2>/dev/null
get() { curl -s -m 2 -o /dev/null "$@"; }

# of_connection: the port events' connection is the one that is there
of_connection() {
  event ".event==\"port\" and .connection_id==\"$(events '.event=="connection.start"' | jq -r .connection_id | tail -n 1)\" and .user==\"$1@example.com\" and .login==\"$2\" and .\"addr.remote\""
}

story "local ones, by name and by SOCKS"
ssh_stays free deploy -N -L 9001:127.0.0.1:8000 -D 9002
wait_until "it works" get http://127.0.0.1:9001/FORMATS.md
event '.event=="port" and .code=="T3003I" and .success and .direction=="local" and .addr=="127.0.0.1:8000" and (.origin|test("^127.0.0.1:"))'
of_connection free deploy
get --socks5 127.0.0.1:9002 http://127.0.0.1:8000/SECURITY.md || fail "SOCKS does not work"
event '.event=="port" and .success and .origin!=null and .addr=="127.0.0.1:8000"'
ssh_goes

story "a jump to another login: show tells of both, each way"
fresh
runs ssh -F "$LAB/ssh_config" -i "$LAB/keys/free" -o ProxyCommand="ssh -F $LAB/ssh_config -i $LAB/keys/free -W 127.0.0.1:22 deploy@web1" root@web1 'echo there; sleep 0.5'
says there
event '.event=="port" and .success and .addr=="127.0.0.1:22"'
wait_until "both have ended" bash -c "[ \$(grep -c '\"event\":\"connection.end\"' $EVENTS) = 2 ]"
first=$(events '.event=="connection.start" and .login=="deploy"' | jq -r .connection_id)
second=$(events '.event=="connection.start" and .login=="root"' | jq -r .connection_id)
sid=$(events '.event=="session.start"' | jq -r .sid)
runs countersign-audit show "$sid"
grep -q "^came through deploy on web1, connection $first, as free@example.com" "$LAB/out" || fail "show says: $(cat "$LAB/out")"
grep -q "^went on to" "$LAB/out" && fail "it went nowhere"
# The first had no session of its own.
runs countersign-audit show "${first:0:13}"
grep -q "^went on to root on web1, connection $second" "$LAB/out" || fail "show says: $(cat "$LAB/out")"

story "remote ones"
fresh
ssh_stays free deploy -N -R 9003:127.0.0.1:8000
event '.event=="port" and .success and .direction=="remote" and .addr=="127.0.0.1:9003"'
of_connection free deploy
ssh_goes

story "a jump through the host: -W"
fresh
timeout 5 ssh -F "$LAB/ssh_config" -i "$LAB/keys/free" -W 127.0.0.1:8000 deploy@web1 < <(sleep 1) >/dev/null 2>&1
event '.event=="port" and .success and .direction=="local" and .addr=="127.0.0.1:8000"'

story "root's"
fresh
ssh_stays free root -N -L 9004:127.0.0.1:8000
wait_until "it works" get http://127.0.0.1:9004/FORMATS.md
of_connection free root
ssh_goes

story "what the role does not allow"
fresh
# sshd says nothing of a -R that a line's `restrict` refuses.
ssh_stays none deploy -N -L 9005:127.0.0.1:8000 -R 9006:127.0.0.1:8000
wait_until "ssh listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/9005' 2>/dev/null
get http://127.0.0.1:9005/ && fail "it was allowed"
event '.event=="port" and .code=="T3003E" and .success==false and .direction=="local" and .addr=="127.0.0.1:8000"'
ssh_goes
[ -z "$(events '.event=="port" and .success')" ] || fail "something was granted"

story "a target that is not permitted, beside one that is"
fresh
ssh_stays one deploy -N -L 9007:127.0.0.1:8000 -L 9008:127.0.0.1:22
wait_until "the one works" get http://127.0.0.1:9007/FORMATS.md
get http://127.0.0.1:9008/ && fail "the other works"
event '.event=="port" and .success and .addr=="127.0.0.1:8000"'
event '.event=="port" and .success==false and .addr=="127.0.0.1:22"'
ssh_goes

story "a socket, which the drop-in forbids"
fresh
ssh_stays free deploy -N -L "$LAB/sock:/run/x"
wait_until "ssh listens" test -S "$LAB/sock"
get --unix-socket "$LAB/sock" http://x/
event '.event=="port" and .success==false and .direction=="streamlocal" and .addr=="/run/x"'
ssh_goes

story "the agent and X11, granted and refused"
fresh
ssh-agent -a "$LAB/agent" >/dev/null
SSH_AUTH_SOCK="$LAB/agent" DISPLAY=:99 as all deploy -A -Y -- 'test -S "$SSH_AUTH_SOCK" && echo "$DISPLAY"'
says localhost:10.0
event '.event=="port" and .success and .direction=="agent" and .login=="deploy" and .user=="all@example.com"'
event '.event=="port" and .success and .direction=="x11"'
sleep 0.5
[ "$(count_events '.event=="port"')" = 2 ] || fail "there are $(count_events '.event=="port"') of them"
fresh
SSH_AUTH_SOCK="$LAB/agent" as none deploy -A -- 'echo "$SSH_AUTH_SOCK"'
says ''
event '.event=="port" and .success==false and .code=="T3003E" and .direction=="agent"'
pkill -f "ssh-agent -a $LAB/agent"
# What the drop-in makes sshd say of channels that are no forwardings is not kept.
grep -q 'channel_new.*server-session' /var/log/auth.log && fail "each session has a line more"

story "a -R and X11 that the role refuses, where an admin has asked for them"
fresh
sed -i '/^LogVerbose/s/$/,serverloop.c:server_input_global_request():*,session.c:session_input_channel_req():*/' /etc/ssh/sshd_config.d/00-countersign.conf
sshd_reload
ssh_stays none deploy -N -R 9006:127.0.0.1:8000 -o ServerAliveInterval=1
event '.event=="port" and .code=="T3003E" and .success==false and .direction=="remote" and .addr=="localhost:9006"'
ssh_goes
DISPLAY=:99 as none deploy -Y -- 'echo "$DISPLAY"'
says ''
event '.event=="port" and .success==false and .direction=="x11" and .user=="none@example.com"'
sleep 0.5
[ "$(count_events '.event=="port"')" = 2 ] || fail "there are $(count_events '.event=="port"') of them"
fresh
DISPLAY=:99 as all deploy -Y -- 'echo "$DISPLAY"'
says localhost:10.0
event '.event=="port" and .success and .direction=="x11"'
ssh_stays free deploy -N -R 9016:127.0.0.1:8000
event '.event=="port" and .success and .direction=="remote"'
ssh_goes
sleep 0.5
[ "$(count_events '.event=="port" and .success==false')" = 0 ] || fail "it is called refused as well"
grep -q 'rtype\|req pty\|req env' /var/log/auth.log && fail "lines that are about no forwarding are kept"

story "lines like sshd's, by somebody else, are none"
fresh
as free deploy -- 'logger -p authpriv.debug -t sshd "debug1: serverloop.c:server_request_direct_tcpip():453 (pid=$$): originator 127.0.0.1 port 1, target forged port 22"; logger -p authpriv.info -t "sshd[$PPID]" "refused local port forward: originator a port 1, target forged port 22"'
exits 0
sleep 0.5
no_event '.event=="port"'
