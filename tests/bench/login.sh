# The benchmark's story, in the lab.
# shellcheck shell=bash

# Our sshd on 22, the same with empty programs on 2223, a plain one on 2222.
empty_sshd() {
  cp "$BUILD"/tests/bench/empty_principals "$BUILD"/tests/bench/empty_session /usr/libexec/countersign/
  cp "$BUILD"/tests/bench/pam_empty.so "$(ls -d /usr/lib/*/security)"
  chmod 755 /usr/libexec/countersign/empty_*
  ln -s /usr/sbin/sshd /usr/sbin/emptysshd
  sed "s/pam_countersign.so.*/pam_empty.so/" /etc/pam.d/sshd >/etc/pam.d/emptysshd
  sed -e 's#/principals %u %k#/empty_principals %u %k#' -e 's#countersign/session#countersign/empty_session#' \
    /etc/ssh/sshd_config.d/00-countersign.conf >"$LAB/empty_config"
  grep -v ^Include /etc/ssh/sshd_config >>"$LAB/empty_config"
  /usr/sbin/emptysshd -D -p 2223 -f "$LAB/empty_config" -o PidFile=none 2>"$LAB/empty.err" &
  wait_until "the empty sshd listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/2223' 2>/dev/null
}

# sshd stretches each request that does not log in yet to a random time of 5 to
# 9 ms, or twice that, four times that ..., chosen by account and configuration
# (auth2.c, user_specific_delay). One account would measure that choice: many
# accounts average it out.
accounts=()
for i in $(seq "$ACCOUNTS"); do
  accounts+=("u$i")
  account "u$i" /bin/bash
done
policy <<END
{ "version": 1, "roles": { "web": { "allow": {
  "logins": [$(printf '"%s",' "${accounts[@]}") "deploy"], "node_labels": { "env": ["prod"] } } } } }
END
# As a host has it: compiled.
/usr/libexec/countersign/install-policy --compile || fail "not compiled"
issue alice web
# Plain: a stock sshd that trusts the same CA by a principals file, so that the
# client offers the same things in the same order.
echo role:web >"$LAB/principals"
PLAIN_OPTIONS="-o TrustedUserCAKeys=/etc/countersign/user_ca.pub -o AuthorizedPrincipalsFile=$LAB/principals -o AuthorizedKeysFile=none"
plain_sshd "${accounts[@]}"
empty_sshd

cat >"$LAB/logins.py" <<'END'
import random, statistics, subprocess, sys, time
lab, n, accounts = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
def login(port, key, account):
    a = time.perf_counter()
    p = subprocess.run(["ssh", "-F", f"{lab}/ssh_config", "-p", port, "-i", f"{lab}/keys/{key}",
                        "-l", account, "web1", "true"], stdin=subprocess.DEVNULL, capture_output=True)
    if p.returncode != 0:
        sys.exit(f"login on port {port} failed: {p.stderr}")
    return (time.perf_counter() - a) * 1000
sides = {"ours": ("22", "alice"), "empty": ("2223", "alice"), "plain": ("2222", "alice")}
times = {s: {a: [] for a in accounts} for s in sides}
for s in sides: login(*sides[s], accounts[0])
for _ in range(n):
    random.shuffle(accounts)
    for account in accounts:
        order = list(sides); random.shuffle(order)
        for s in order: times[s][account].append(login(*sides[s], account))
mean, error = {}, {}
for s in sides:
    medians = [statistics.median(t) for t in times[s].values()]
    mean[s] = statistics.mean(medians)
    error[s] = statistics.stdev(medians) / len(medians) ** 0.5
    print(f"figure login-{s} {mean[s]:.2f} ms (mean of {len(accounts)} accounts' medians of {n}, standard error {error[s]:.2f})")
def ratio(a, b, goal):
    r = mean[a] / mean[b]
    e = r * ((error[a] / mean[a]) ** 2 + (error[b] / mean[b]) ** 2) ** 0.5
    print(f"ratio login-{a}/login-{b} {r:.3f}{goal}, standard error {e:.3f}")
ratio("ours", "empty", " (goal <= 1.02)")
ratio("ours", "plain", " (goal <= 1.06)")
ratio("empty", "plain", "")
END
python3 "$LAB/logins.py" "$LAB" "$LOGINS" "${accounts[@]}" || fail "a login failed"

cert=$(cut -d ' ' -f 2 "$LAB/keys/alice-cert.pub")
read -r ours empty p99_ours p99_empty kib_ours kib_empty < <(setpriv --reuid=_countersign --regid=_countersign --init-groups \
  "$BUILD/tests/bench/spawn" 400 "/usr/libexec/countersign/principals deploy $cert" \
  "/usr/libexec/countersign/empty_principals deploy $cert")
awk -v a="$ours" -v b="$empty" -v c="$p99_ours" -v d="$p99_empty" -v e="$kib_ours" -v f="$kib_empty" 'BEGIN {
  printf "figure principals %.0f us, empty program %.0f us (medians of 400)\n", a, b
  printf "ratio principals/empty %.2f (goal <= 1.5)\n", a / b
  printf "figure principals-memory %d KiB, empty program %d KiB (goal < 3072)\n", e, f
  printf "ratio principals/empty-p99 %.2f (goal <= 2)\n", c / d }'
