# One table of decisions, answered alike by principals, by explain and by real
# logins.
# shellcheck shell=bash

story "a host for all of it: accounts, addresses, the table's policy"
for login in dba bob frozen core ci-42 svc-alice; do
  account "$login" /bin/bash
done
useradd --badname --create-home --shell /bin/bash alice@example.com 2>/dev/null || lab_die "no account alice@example.com"
for address in 10.1.2.3 10.2.0.1 10.1.255.255 192.0.2.7; do
  ip addr add "$address/32" dev lo
done
TABLE=$root/tests/decisions
policy <"$TABLE/policy.json"

story "countersign policy test: the table, by the function alone"
runs countersign policy test "$TABLE/policy.json" "$TABLE/decisions.json"
exits 0

/usr/libexec/countersign/trace &
wait_until "trace listens" test -S /run/countersign/trace.sock
story "principals, explain and sshd"
python3 "$here/decisions.py" "$LAB" "$TABLE/decisions.json" "$TABLE/policy.json" >"$LAB/out" 2>"$LAB/err"
STATUS=$?
exits 0
cat "$LAB/out"
: >$EVENTS
