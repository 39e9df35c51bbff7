# The host's clock is set: connections end when the certificate says so by the
# clock that there is, and at no other time.
# shellcheck shell=bash

policy <<END2
{ "version": 1, "roles": {
    "cert": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
              "options": { "disconnect_expired_cert": true } },
    "long": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
              "options": { "max_connection_time": "1h" } } } }
END2
issue cert cert
issue long long
# The keeper's clock is the one in this file; sshd's stays.
kill "$KEEPER"
wait "$KEEPER" 2>/dev/null
rm -f /run/countersign/keeper.sock
echo '+0' >"$LAB/clock"
chmod 644 "$LAB/clock"
LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 FAKETIME_TIMESTAMP_FILE="$LAB/clock" FAKETIME_NO_CACHE=1 \
  FAKETIME_DONT_FAKE_MONOTONIC=1 /usr/libexec/countersign/keeper --listen &
KEEPER=$!
wait_until "the keeper listens" test -S /run/countersign/keeper.sock

# Longer than the five seconds of a look.
stays() { sleep 7 && kill -0 "$CLIENT" 2>/dev/null; }
is_gone() { ! kill -0 "$CLIENT" 2>/dev/null; }

story "set back: nobody is put out early"
ssh_stays cert deploy -N
event '.event=="connection.start"'
echo '-3d' >"$LAB/clock"
stays || fail "it was put out by a clock that was set back"

story "set forward, past the end of the certificate"
echo '+9h' >"$LAB/clock"
for _ in 1 2 3; do is_gone || wait_until "a look" sleep 4; done
is_gone || fail "the connection has not been ended"
event '.event=="client.disconnect" and (.reason|test("what the certificate gave ended at"))'
event '.event=="connection.end"'

story "what a role gives as a time does not end by the clock"
echo '+0' >"$LAB/clock"
fresh
ssh_stays long deploy -N
event '.event=="connection.start"'
echo '+400d' >"$LAB/clock"
stays || fail "it was put out"
ssh_goes
event '.event=="connection.end" and .reason=="closed"'
