# Events through Kafka: librdkafka's own broker, hosts for keys, one detector for
# each consumer of a group; and a consumer that is started again.
# shellcheck shell=bash

command -v kcat >/dev/null || lab_die "kcat is not there: tests/install-needed tests"
cat >"$LAB/rule.yml" <<'END_'
title: Scan
id: 1b0f8e3c-90c5-4e6f-9f75-0a3f8e7d9b11
name: scan
logsource: { product: linux, category: process_creation }
detection:
  s: { Image|endswith: /nmap }
  condition: s
countersign: { dedup: [server_hostname] }
---
title: Many scans
id: 2b0f8e3c-90c5-4e6f-9f75-0a3f8e7d9b11
correlation:
  type: event_count
  rules: [scan]
  group-by: [server_hostname]
  timespan: 1h
  condition: { gte: 20 }
  generate: true
countersign: { dedup: [server_hostname] }
END_
# The broker lives in a client that waits for something to send.
mkfifo "$LAB/hold"
kcat -P -t hold -b localhost:1 -X test.mock.num.brokers=1 -d mock <"$LAB/hold" >/dev/null 2>"$LAB/broker" &
exec 7>"$LAB/hold"
address() { sed -n 's/.*bootstrap.servers=\(127.0.0.1:[0-9]*\).*/\1/p' "$LAB/broker" | head -n 1; }
has_address() { [ -n "$(address)" ]; }
wait_until "the broker is there" has_address
BROKER=$(address)

# made HOST FROM TO: events of a host
made() {
  for i in $(seq "$2" "$3"); do
    printf '%s\t{"event":"session.command","time":"2026-11-26T09:%02d:%02d.%06dZ","uid":"%s-%d","user":"u","path":"/usr/bin/nmap","argv0":"nmap","argv":[],"server_hostname":"%s"}\n' \
      "$1" $((i / 60)) $((i % 60)) "$i" "$1" "$i" "$1"
  done
}
produce() { kcat -P -b "$BROKER" -t audit-events -K '\t' 2>/dev/null || fail "the broker takes nothing"; }
# consumer NAME KCAT-OPTION...: a detector behind a consumer of the group
consumer() {
  local name=$1
  shift
  kcat -b "$BROKER" -q -u -X auto.commit.interval.ms=100 "$@" 2>>"$LAB/$name.err" >"$LAB/$name.pipe" &
  eval "KCAT_$name=$!"
  countersign-detect run --rules "$LAB/rule.yml" --state "$LAB/$name.state" -o "$LAB/$name" <"$LAB/$name.pipe" 2>>"$LAB/$name.err" &
  eval "DETECT_$name=$!"
}
ended() {
  for name in "$@"; do
    eval "kill \$KCAT_$name; wait \$DETECT_$name" || fail "the detector did not end well: $(cat "$LAB/$name.err")"
  done
}
# The mock broker may lose a member while a group agrees: it comes again after this.
member() { consumer "$1" -G detectors -X session.timeout.ms=6000 -X heartbeat.interval.ms=500 -X auto.offset.reset=earliest audit-events; }
of_partition() { consumer "p$1" -C -t audit-events -p "$1" -o stored -X group.id=partitions -X topic.auto.offset.reset=earliest; }
hosts_with() { cat $ALERTS | jq -r "select(.event==\"alert\" and .rule_title==\"$1\") | .server_hostname" | sort | uniq -c | tr -s ' ' | tr '\n' ';'; }
all_hosts_have() { [ "$(hosts_with "$1")" = ' 1 db1; 1 db2; 1 web1; 1 web2;' ]; }
for name in a b p0 p1 p2 p3; do
  mkfifo "$LAB/$name.pipe"
  : >"$LAB/$name"
done
PATIENCE=90 # a group takes its time to agree

story "members of a group share the hosts out, each to one detector"
ALERTS="$LAB/a $LAB/b"
member a
member b
for host in web1 web2 db1 db2; do made $host 0 9; done | produce
wait_until "each host has its alert" all_hosts_have Scan
ended a b

story "one for each partition, stopped and started again: nothing is lost, nothing counted twice"
ALERTS="$LAB/p0 $LAB/p1 $LAB/p2 $LAB/p3"
for n in 0 1 2 3; do of_partition $n; done
wait_until "each host has its alert" all_hosts_have Scan
ended p0 p1 p2 p3
for host in web1 web2 db1 db2; do made $host 10 18; done | produce
for n in 0 1 2 3; do of_partition $n; done
sleep 5
hosts_with "Many scans" >"$LAB/out"
says ''
for host in web1 web2 db1 db2; do made $host 19 19; done | produce
wait_until "the twentieth is counted" all_hosts_have "Many scans"
all_hosts_have Scan || fail "told again: $(hosts_with Scan)"
ended p0 p1 p2 p3
exec 7>&-
