# The benchmark's story, in the lab.
# shellcheck shell=bash disable=SC2153

# Random serials of 64 bits; and a ledger with as many certificates, every
# second of them revoked, one in ten expired: its lines are chained as the
# signer chains them.
cat >"$LAB/make.py" <<'END'
import hashlib, json, random, sys
folder, n, ca = sys.argv[1], int(sys.argv[2]), sys.argv[3]
random.seed(4)
with open(f"{folder}/spec", "w") as f:
    for _ in range(n):
        f.write(f"serial: {random.randrange(1, 2**64)}\n")
path = f"{folder}/ca/ledger.jsonl"
text = open(path).read()
chain = bytes.fromhex(text.rstrip().rsplit('"chain":"', 1)[1][:64])
def add(out, body, last):
    global chain
    line = f'{body},"last_serial":{last}'
    chain = hashlib.blake2b(chain + line.encode(), digest_size=32).digest()
    out.write(f'{line},"chain":"{chain.hex()}"}}\n')
    return len(line) + 77
size = len(text)
with open(path, "a") as out:
    for i in range(1, n + 1):
        end = "2020-01-01T00:00:00Z" if random.random() < 0.1 else "2040-01-01T00:00:00Z"
        size += add(out, '{"event":"cert.create","code":"TC000I","time":"2026-11-24T19:38:18.212448Z",'
                    f'"uid":"c45b2cbd-6328-4ac1-9d00-97f1aaa9bf72","user":"u{i}@example.com","server_hostname":"ca",'
                    '"server_id":"83b89230-4a24-8ffa-bf8c-7a94e2fd28ec","server_labels":{},"cluster_name":"default",'
                    f'"emitter":"signer","v":1,"cert_type":"user","serial":{i},"valid_after":"2019-01-01T00:00:00Z",'
                    f'"valid_before":"{end}","fingerprint":"SHA256:7J65Xxh6UDnMhw9wMkNLca6hcBIQUR5Hqr3axW2vkf0",'
                    f'"ca_fingerprint":"{ca}","profile":"person","identity":{{"user":"u{i}@example.com",'
                    f'"roles":["web"],"principals":["role:web"],"expires":"{end}"}}', i)
    for i in range(1, n + 1, 2):
        size += add(out, '{"event":"cert.revoke","code":"CS001I","revoked_by":"serial",'
                    f'"serial":{i},"serial_to":{i}', n)
with open(f"{folder}/ca/serial", "w") as f:
    f.write(f"{n} {size} {chain.hex()}".ljust(126) + "\n")
END
issue alice web # before the list: it is in none
countersign init -q --no-passphrase "$LAB/big"
mkdir "$LAB/work"
mv "$LAB/big" "$LAB/work/ca"
python3 "$LAB/make.py" "$LAB/work" "$SERIALS" "$(ssh-keygen -l -f "$LAB/work/ca/user_ca.pub" | cut -d ' ' -f 2)" || fail "make.py"

# took NAME COMMAND...: seconds and KiB of it, in $SECONDS_TAKEN and $KIB
took() {
  local name=$1
  shift
  /usr/bin/time -o "$LAB/time" -f '%e %M' "$@" >/dev/null || fail "$name"
  read -r SECONDS_TAKEN KIB <"$LAB/time"
}
best() {
  local i least=999999
  for i in 1 2 3; do
    took "$@"
    least=$(awk -v a="$SECONDS_TAKEN" -v b="$least" 'BEGIN { print a < b ? a : b }')
  done
  SECONDS_TAKEN=$least
}
best ours countersign krl -k -q -s "$LAB/work/ca/user_ca.pub" -f "$LAB/krl.ours" "$LAB/work/spec"
ours=$SECONDS_TAKEN
printf 'figure krl-ours %s s, %s KiB (%s random serials; goal < 102400 KiB)\n' "$ours" "$KIB" "$SERIALS"
took ssh-keygen ssh-keygen -k -q -s "$LAB/work/ca/user_ca.pub" -f "$LAB/krl.theirs" "$LAB/work/spec"
printf 'figure krl-ssh-keygen %s s, %s KiB\n' "$SECONDS_TAKEN" "$KIB"
awk -v a="$SECONDS_TAKEN" -v b="$ours" 'BEGIN { printf "ratio krl %.1f (goal >= 50)\n", a / b }'
printf 'figure krl-bytes ours %s, ssh-keygen %s\n' "$(stat -c %s "$LAB/krl.ours")" "$(stat -c %s "$LAB/krl.theirs")"
took ask ssh-keygen -Q -f "$LAB/krl.ours" "$LAB/keys/alice-cert.pub"
printf 'figure krl-asked-by-ssh-keygen %s s\n' "$SECONDS_TAKEN"
took ledger countersign krl -q --no-sign --ca "$LAB/work/ca" -o "$LAB/krl.ledger"
printf 'figure krl-of-ledger %s s, %s KiB, %s bytes (%s certificates, half of them revoked one by one)\n' \
  "$SECONDS_TAKEN" "$KIB" "$(stat -c %s "$LAB/krl.ledger")" "$SERIALS"
countersign revoke -q --ca "$LAB/work/ca" --serial "1-$SERIALS" || fail "revoke all"
took ledger countersign krl -q --no-sign --ca "$LAB/work/ca" -o "$LAB/krl.all"
printf 'figure krl-of-ledger-all %s s, %s bytes (all of them revoked)\n' "$SECONDS_TAKEN" "$(stat -c %s "$LAB/krl.all")"

# login LIST: the median of five logins with it, in $SECONDS_TAKEN
login() {
  install -m 644 "$1" /var/lib/countersign/krl
  SECONDS_TAKEN=$(for _ in 1 2 3 4 5; do
    /usr/bin/time -f %e ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -l deploy web1 true 2>&1 >/dev/null || fail "login"
  done | sort -n | sed -n 3p)
}
login "$root/packaging/krl.empty"
empty=$SECONDS_TAKEN
for list in ours ledger all; do
  login "$LAB/krl.$list"
  awk -v a="$SECONDS_TAKEN" -v b="$empty" -v n="$list" 'BEGIN { printf "figure login-with-krl-%s %+.2f s on a login with an empty list (%.2f s)\n", n, a - b, b }'
done
