# The demo's story, in the lab.
# shellcheck shell=bash disable=SC2154

tell() {
  if [ -t 1 ]; then
    printf '\n\033[1m%s\033[0m\n' "$1"
  else
    printf '\n%s\n' "$1"
  fi
}

# show COMMAND...: the command as it would be typed, and what it prints
show() {
  printf '  $ %s\n' "$1"
  shift
  "$@" 2>&1 | sed 's/^/    /' || true
}

# What was logged since the last time, the fields that tell the story.
logged() {
  settled
  sleep 0.2
  tail -n "+$((seen + 1))" $EVENTS | jq -c 'del(.uid, .server_id, .server_labels, .cluster_name, .connection_id,
    .sid, .v, .ei, .audit_session_id, .server_hostname, .fingerprint, .ca_fingerprint, ."addr.local", .participants,
    .session_start, .session_stop, .enhanced_recording, .time)' | sed 's/^/    /'
  seen=$(wc -l <$EVENTS)
}
seen=0

tell "A host, web1: stock sshd, PAM and rsyslog of this Debian, with Countersign installed"
show 'sshd -V' bash -c '/usr/sbin/sshd -V 2>&1 | grep -o "OpenSSH[^,]*"'
show 'sshd -T | grep -E "forcecommand|principalscommand "' \
  bash -c 'sshd -T -C user=deploy,host=x,addr=x | grep -E "forcecommand|authorizedprincipalscommand "'

tell "A CA is made, offline; web1 is told to trust it"
rm -rf "$LAB/ca"
show 'countersign init --no-passphrase ca' bash -c "cd $LAB && countersign init --no-passphrase ca"
cp "$LAB/ca/user_ca.pub" /etc/countersign/user_ca.pub

tell "The policy on web1: role web may be deploy, and oneself, on production web hosts; never root"
jq -c .roles.web /var/lib/countersign/policy.json | sed 's/^/    /'

tell "A certificate for Alice: eight hours, her roles, no account names in it"
issue alice web
show 'countersign inspect alice-cert.pub' countersign inspect "$LAB/keys/alice-cert.pub"
logged

tell "Alice logs in with plain ssh"
as alice deploy -- 'echo "I am $(id -un) on $(hostname)"'
exits 0
printf '  $ ssh deploy@web1 ...\n    %s\n' "$(cat "$LAB/out")"
logged

tell "A terminal, a copied file, an exit status: as on any sshd"
as alice alice -tt -- 'tty; exit 7'
exits 7
printf '  $ ssh -t alice@web1 "tty; exit 7"\n    %s\n  $ echo $?\n    %s\n' "$(tr -d '\r' <"$LAB/out")" "$STATUS"
runs scp -q -F "$LAB/ssh_config" -i "$LAB/keys/alice" /etc/motd deploy@web1:
exits 0
printf '  $ scp motd deploy@web1:\n'
logged

tell "What a terminal shows is on record: listed, told, played"
as alice deploy -tt -- 'printf "\\033[32mdeploying\\033[0m %s\\n" release-7; sleep 0.2; echo done'
exits 0
wait_until "it is sealed" bash -c "! find /var/log/countersign/recordings -name '*.cast' | grep -q ."
sid=$(jq -r 'select(.event=="session.end" and .recording) | .sid' $EVENTS | tail -n 1)
show 'countersign-audit ls' countersign-audit ls
show "countersign-audit play ${sid:0:8}" bash -c "countersign-audit play --speed 10 $sid | cat -v"
show 'countersign-audit search release-7' countersign-audit search release-7
show 'countersign-audit verify' countersign-audit verify
logged

tell "What a script ran, and where it connected: from the kernel"
/usr/libexec/countersign/trace &
tracer=$!
wait_until "trace listens" test -S /run/countersign/trace.sock
printf '#!/bin/sh\nid -un | tr a-z A-Z\n(exec 3<>/dev/tcp/127.0.0.1/22) 2>/dev/null || bash -c "exec 3<>/dev/tcp/127.0.0.1/22"\n' >/home/deploy/deploy.sh
chmod 755 /home/deploy/deploy.sh
as alice deploy -- ./deploy.sh
exits 0
printf '  $ ssh deploy@web1 ./deploy.sh\n    %s\n' "$(cat "$LAB/out")"
settled
sleep 0.5
printf '  $ jq "select(.event==\"session.command\" or .event==\"session.network\")" events.jsonl\n'
tail -n "+$((seen + 1))" $EVENTS | jq -c 'select(.emitter=="trace" and .sid and .event!="session.process_exit") |
  if .event=="session.network" then {event, program, dst_addr, dst_port, established} else {event, path, argv, script} | del(..|nulls) end' | sed 's/^/    /'
seen=$(wc -l <$EVENTS)

tell "She scans the network: an alert in the chat, with what to do"
mkdir -p "$LAB/chat" "$LAB/queue"
echo 200 >"$LAB/chat/how"
: >"$LAB/chat/got"
python3 "$here/receiver.py" 8101 "$LAB/chat" &
receiver=$!
printf '{ "routes": [ { "name": "chat", "to": "slack", "url": "http://127.0.0.1:8101/services/T0/B0/x" } ] }\n' >"$LAB/routes.json"
countersign-detect run --follow --queue "$LAB/queue" -o "$LAB/alerts.jsonl" $EVENTS &
detector=$!
/usr/libexec/countersign/alert-sender --routes "$LAB/routes.json" --queue "$LAB/queue" &
sender=$!
as alice deploy -- 'nmap -n -Pn -p 20-25 127.0.0.1 >/dev/null; echo scanned'
exits 0
printf '  $ ssh deploy@web1 nmap -n -Pn -p 20-25 127.0.0.1\n    %s\n' "$(cat "$LAB/out")"
wait_until "the chat has it" grep -q 'scans the network' "$LAB/chat/got"
printf '  what https://hooks.slack.com/services/... was sent:\n'
jq -r '.body | fromjson | .text | select(test("scans the network"))' "$LAB/chat/got" | sed 's/^/    /'
kill $sender $detector $receiver
wait $sender $detector $receiver 2>/dev/null
settled
seen=$(wc -l <$EVENTS)
kill $tracer
wait $tracer

tell "She may not be root"
as alice root -- id
refused
printf '  $ ssh root@web1\n    %s\n' "$(tr -d '\r' <"$LAB/err")"
logged

tell "Bob's role is for database hosts"
issue bob db
as bob deploy -- id
refused
printf '  $ ssh deploy@web1\n    %s\n' "$(tr -d '\r' <"$LAB/err")"
logged

tell "Why? The policy says, on any machine"
show 'countersign policy explain policy.json --user bob@example.com --role db --login deploy --label env=prod --label tier=web1' \
  countersign policy explain /var/lib/countersign/policy.json --user bob@example.com --role db --login deploy --label env=prod --label tier=web1

tell "A new policy with a lock, signed at the CA, reaches web1 by a refresh"
mkdir -p "$LAB/fleet"
chmod 755 "$LAB" "$LAB/fleet"
jq '.version = 2 | .locks = [{ name: "inc-7", target: { user: "alice@example.com" }, reason: "stolen laptop" }]' \
  /var/lib/countersign/policy.json >"$LAB/fleet/policy.json"
show 'countersign policy diff old.json policy.json' countersign policy diff /var/lib/countersign/policy.json "$LAB/fleet/policy.json"
show 'countersign policy sign --ca ca policy.json' bash -c "cd $LAB/fleet && countersign policy sign --ca $LAB/ca policy.json"
show 'countersign krl --ca ca -o krl' bash -c "cd $LAB/fleet && countersign krl --ca $LAB/ca -o krl"
install -m 644 "$LAB/ca/policy_key.pub" /etc/countersign/policy_key.pub
cp /etc/countersign/node.conf "$LAB/node.conf"
echo "PolicySource $LAB/fleet" >>/etc/countersign/node.conf
show 'countersign-node refresh' countersign-node refresh
logged
as alice deploy -- id
refused
printf '  $ ssh deploy@web1\n    %s\n' "$(tr -d '\r' <"$LAB/err")"
logged

tell "The laptop is found again"
jq '.version = 3 | .locks = []' "$LAB/fleet/policy.json" >"$LAB/fleet/new" && mv "$LAB/fleet/new" "$LAB/fleet/policy.json"
bash -c "cd $LAB/fleet && countersign policy sign -q --ca $LAB/ca policy.json"
show 'countersign-node refresh' countersign-node refresh
logged

tell "Is everything in force on this host?"
kill -HUP "$SSHD"
sleep 0.5
show 'countersign-node check' countersign-node check

tell "Mallory made a CA of her own and calls herself Alice"
ssh-keygen -q -t ed25519 -N '' -f "$LAB/mallory_ca"
by_keygen mallory "$LAB/mallory_ca" -I alice@example.com -n role:web -V +8h
as mallory deploy -- id
refused
printf '  $ ssh deploy@web1\n    %s\n' "$(tr -d '\r' <"$LAB/err")"
logged

tell "She asks for more than the CA's profile gives"
show 'countersign sign --ca ca --user alice@example.com --role web --ttl 48h alice.pub' \
  countersign sign --ca "$LAB/ca" --user alice@example.com --role web --ttl 48h "$LAB/keys/alice.pub"
logged

tell "Alice's laptop is lost: her certificates are revoked, and the host is given the list"
show 'countersign revoke --ca ca --user alice@example.com --reason "lost laptop"' \
  bash -c "cd $LAB && countersign revoke --ca ca --user alice@example.com --reason 'lost laptop'"
show 'countersign krl --ca ca -o /var/lib/countersign/krl' countersign krl --ca "$LAB/ca" -o /var/lib/countersign/krl
as alice deploy -- id
refused
printf '  $ ssh deploy@web1\n    %s\n' "$(tr -d '\r' <"$LAB/err")"
logged

tell "What the CA did, and that nobody changed a line of it"
show 'countersign ledger --ca ca' countersign ledger --ca "$LAB/ca"
show 'countersign ledger --ca ca --verify' countersign ledger --ca "$LAB/ca" --verify

tell "Every event above against docs/events.schema.json"
check_events
printf '    %s events, all valid, none missing\n' "$(wc -l <$EVENTS)"
