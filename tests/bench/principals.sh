# The benchmark's story, in the lab.
# shellcheck shell=bash

cp "$BUILD/tests/bench/empty_principals" /usr/libexec/countersign/
chmod 755 /usr/libexec/countersign/empty_principals

# make N: a policy of N roles, N/10 locks; about one role in 50 is for this host
make() {
  python3 - "$1" <<'END'
import json, sys
n = int(sys.argv[1])
labels = 200
roles = {}
for i in range(n):
    roles[f"role-{i}"] = {
        "allow": {"logins": ["deploy", "{{user.local}}", f"svc{i % 97}"],
                  "node_labels": {f"label{i % labels}": [f"value{i % 7}", "x*"], "env": ["prod", "staging"]} if i % 50 else {"env": ["prod"]}},
        "deny": {"logins": ["root"]} if i % 10 == 0 else {},
        "options": {"max_session_ttl": f"{1 + i % 12}h", "port_forwarding": i % 3 == 0, "permitopen": [] if i % 3 == 0 else [f"db{i % 20}:5432"]}}
locks = [{"name": f"lock-{i}", "target": {"user": f"user{i}@example.com"}, "reason": "a benchmark"} for i in range(n // 10)]
json.dump({"version": n, "roles": roles, "locks": locks}, sys.stdout)
END
}

# host N: with env and N of the 200 labels that the policy speaks of
host() {
  printf 'ServerHostname web1\nLabel env=prod\n'
  for ((i = 0; i < $1; i++)); do printf 'Label label%d=value%d\n' "$i" $((i % 7)); done
}
host 20 >/etc/countersign/node.conf

principals=$(for i in $(seq 0 49); do printf 'role:role-%d,' $((i * 200)); done)
by_keygen big "$LAB/ca/user_ca" -I user@example.com -n "${principals%,}" -V +8h -z 7
cert=$(cut -d ' ' -f 2 "$LAB/keys/big-cert.pub")

# measure: ours us, empty us, ours p99, empty p99, ours KiB, empty KiB
measure() {
  setpriv --reuid=_countersign --regid=_countersign --init-groups \
    "$BUILD/tests/bench/spawn" "$RUNS" "/usr/libexec/countersign/principals deploy $cert" \
    "/usr/libexec/countersign/empty_principals deploy $cert"
}

first=
for n in 10 100 1000 10000; do
  make "$n" | policy
  a=$(date +%s%N)
  /usr/libexec/countersign/install-policy --compile || fail "not compiled"
  b=$(date +%s%N)
  line=$(setpriv --reuid=_countersign --regid=_countersign --init-groups /usr/libexec/countersign/principals deploy "$cert")
  case $line in restrict,*' role:role-'*) ;; *) fail "no line: $line" ;; esac
  read -r ours empty p99_ours p99_empty kib_ours kib_empty < <(measure)
  awk -v n="$n" -v a="$ours" -v b="$empty" -v c="$p99_ours" -v d="$p99_empty" -v e="$kib_ours" -v f="$kib_empty" \
    -v compile=$(((b - a) / 1000)) -v first="${first:-$(awk -v a="$ours" -v b="$empty" 'BEGIN { print a / b }')}" -v size="$(stat -c %s /var/lib/countersign/policy.bin)" -v runs="$RUNS" 'BEGIN {
    printf "figure principals-%d-roles %.0f us, empty program %.0f us (medians of %d, alternating)\n", n, a, b, runs
    printf "ratio principals/empty-%d-roles %.2f (goal <= 1.5)\n", n, a / b
    printf "ratio principals/empty-p99-%d-roles %.2f (goal <= 2)\n", n, c / d
    printf "ratio principals-%d-roles/10-roles %.2f (each over its empty program)\n", n, a / b / first
    printf "figure principals-memory-%d-roles %d KiB, empty program %d KiB (goal < 3072)\n", n, e, f
    printf "figure compile-%d-roles %.0f ms (goal < 1000), policy.bin %d KiB\n", n, compile / 1000, size / 1024 }'
  first=${first:-$(awk -v a="$ours" -v b="$empty" 'BEGIN { print a / b }')}
done

host 200 >/etc/countersign/node.conf
/usr/libexec/countersign/install-policy --compile || fail "not compiled"
read -r ours empty p99_ours p99_empty kib_ours kib_empty < <(measure)
awk -v a="$ours" -v b="$empty" 'BEGIN { printf "ratio principals/empty-10000-roles-on-a-host-of-200-labels %.2f\n", a / b }'
