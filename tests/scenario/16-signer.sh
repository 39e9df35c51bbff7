# The signer beside ssh-keygen: each reads all that the other writes; and what
# it does when things go wrong.
# shellcheck shell=bash

cat >"$LAB/same.py" <<'END'
"""same.py CERT: does `countersign inspect --json` say what `ssh-keygen -L` says?"""
import json, os, re, subprocess, sys, datetime
os.environ["TZ"] = "UTC"
path = sys.argv[1]
ours = json.loads(subprocess.check_output(["countersign", "inspect", "--json", path]))
text = subprocess.check_output(["ssh-keygen", "-L", "-f", path], text=True)
def field(name): return re.search(rf"^ +{name}: (.*)$", text, re.M).group(1)
def block(name):
    m = re.search(rf"^ +{name}: *(\(none\))?\n((?: {{16}}.*\n)*)", text, re.M)
    return [l.strip() for l in m.group(2).splitlines()]
theirs = {
    "type": field("Type").split()[0], "kind": field("Type").split()[1],
    "key_id": json.loads(field("Key ID")), "serial": int(field("Serial")),
    "fingerprint": field("Public key").split()[1], "ca_fingerprint": field("Signing CA").split()[1],
    "principals": block("Principals"),
    "critical": sorted(l.split(" ")[0] for l in block("Critical Options")),
    "extensions": sorted(l.split(" ")[0] for l in block("Extensions")),
}
valid = field("Valid")
if valid == "forever":
    theirs["valid_before"] = "forever"
else:
    m = re.match(r"from (\S+) to (\S+)", valid)
    theirs["valid_after"], theirs["valid_before"] = (t + "Z" for t in m.groups())
ours["critical"], ours["extensions"] = sorted(ours["critical"]), sorted(ours["extensions"])
for key, value in theirs.items():
    if ours[key] != value:
        sys.exit(f"{path}: {key}: ours {ours[key]!r}, ssh-keygen's {value!r}")
END
same() { python3 "$LAB/same.py" "$1" || fail "inspect and ssh-keygen -L differ: $1"; }

story "every certificate of ssh-keygen's is read as ssh-keygen reads it"
for cert in "$root"/tests/vectors/certs/*-cert.pub; do
  same "$cert"
done

story "every certificate of ours is read by ssh-keygen, for each key type"
for key in ed25519 rsa ecdsa ecdsa384 ecdsa521 sked25519 skecdsa; do
  cp "$root/tests/vectors/k_$key.pub" "$LAB/keys/k.pub"
  countersign sign -q --ca "$LAB/ca" --user "$key@example.com" --role web --role db "$LAB/keys/k.pub" || fail "$key"
  same "$LAB/keys/k-cert.pub"
done
for options in '-O clear' '-O no-pty -O no-x11-forwarding' '-O force-command=/bin/true -O source-address=10.0.0.0/8,::1/128' '-O verify-required' '-O no-port-forwarding' '--ttl 90s'; do
  # shellcheck disable=SC2086
  countersign sign -q --ca "$LAB/ca" --user options@example.com --role web $options "$LAB/keys/k.pub" || fail "$options"
  same "$LAB/keys/k-cert.pub"
done
countersign sign -q -s "$LAB/ca/user_ca" -I legacy -n a,b -V -1m:+1h -z 18446744073709551615 "$LAB/keys/k.pub" || fail "-s"
ssh-keygen -L -f "$LAB/keys/k-cert.pub" | grep -q 'Serial: 18446744073709551615' || fail "the largest serial"

story "its defaults: eight hours, a minute back, the ledger in step"
before=$(wc -l <"$LAB/ca/ledger.jsonl")
now=$(date +%s)
countersign sign -q --ca "$LAB/ca" --user alice@example.com --role web - <"$LAB/keys/k.pub" >"$LAB/out-cert.pub" || fail "pipe"
same "$LAB/out-cert.pub"
countersign inspect --json "$LAB/out-cert.pub" | jq -e --argjson now "$now" '
  ((.valid_after|fromdate) - $now + 60 | fabs) <= 2 and ((.valid_before|fromdate) - $now - 28800 | fabs) <= 2' >/dev/null || fail "times"
[ "$(wc -l <"$LAB/ca/ledger.jsonl")" = $((before + 1)) ] || fail "not in the ledger"
tail -n 1 "$LAB/ca/ledger.jsonl" | jq -e '.event=="cert.create" and .identity.user=="alice@example.com"' >/dev/null || fail "another line"

# code N ARG...: countersign ends with this code and says something
code() {
  local want=$1
  shift
  runs countersign "$@"
  exits "$want"
  [ "$want" = 0 ] || [ -s "$LAB/err" ] || fail "no word about it: $*"
}
story "refusals say why, with their exit codes"
K=$LAB/keys/k.pub
code 2
code 2 frobnicate
code 0 --help
code 0 sign --help
code 2 sign --ca "$LAB/ca" --role web "$K"
code 2 sign --ca "$LAB/ca" --user a@b "$K"
code 2 sign --ca "$LAB/ca" --user a@b --role 'a b' "$K"
code 2 sign --ca "$LAB/ca" --user 'a,b' --role web "$K"
code 2 sign --ca "$LAB/ca" --user a@b --role web --ttl forever "$K"
code 2 sign --ca "$LAB/ca" --user a@b --role web --ttl 0 "$K"
code 2 sign --ca "$LAB/ca" --user a@b --role web --ttl 8 "$K"
code 2 sign --ca "$LAB/ca" --user a@b --role web -O source-address=home "$K"
code 2 sign --ca "$LAB/ca" --user a@b --role web
code 2 host --ca "$LAB/ca" --hostname 'web*' "$K"
code 2 host --ca "$LAB/ca" "$K"
code 1 sign --ca "$LAB/ca" --user a@b --role web -O permit-user-rc "$K"
warns "not among its extensions"
code 2 sign --ca "$LAB/ca" --user a@b --role web -O frobnicate "$K"
code 2 sign --ca "$LAB/ca" --user a@b --role web -O force-command= "$K"
code 2 sign --ca "$LAB/ca" --user a@b --role web -O force-command=a -O force-command=b "$K"
code 2 sign --ca "$LAB/ca" -s "$LAB/ca/user_ca" --user a@b --role web "$K"
code 1 sign --ca "$LAB/ca" --user a@b --role web --ttl 25h "$K"
warns "profile 'person': .* longer than its max_ttl"
code 1 sign --ca "$LAB/ca" --user a@b --role web --profile nobody "$K"
code 1 sign --ca "$LAB/ca" --user a@b --role web "$LAB/ca/user_ca.pub"
warns 'key of a CA'
code 1 sign --ca "$LAB/ca" --user a@b --role web "$LAB/ca/host_ca.pub"
code 2 sign --ca "$LAB/ca" --user a@b --role web --claims '[]' "$K"
code 2 sign --ca "$LAB/ca" --user a@b --role web --reason "$(printf '%0300d' 0)" "$K"
mapfile -t many_roles < <(seq -f '--role=r%g' 257)
code 2 sign --ca "$LAB/ca" --user a@b "${many_roles[@]}" "$K"
warns '256'
code 2 sign --ca "$LAB/ca" --user a@b --role web --batch - "$K"
printf 'ssh-new@example.com %s\n' "$(printf '\0\0\0\023ssh-new@example.comxxxx' | base64)" >"$LAB/keys/new.pub"
code 1 sign --ca "$LAB/ca" --user a@b --role web "$LAB/keys/new.pub"
warns 'allow-unknown-type'
code 0 sign --ca "$LAB/ca" --user a@b --role web --allow-unknown-type "$LAB/keys/new.pub"
countersign inspect "$LAB/keys/new-cert.pub" | grep -q 'ssh-new-cert-v01@example.com' || fail "the unknown type"
code 1 sign --ca "$LAB/ca" --user a@b --role web "$root/tests/vectors/k_dsa.pub"
code 1 sign --ca "$LAB/ca" --user a@b --role web "$root/tests/vectors/k_rsa1024.pub"
code 1 sign --ca "$LAB/ca" --user a@b --role web "$LAB/keys/k-cert.pub"
code 3 sign --ca "$LAB/ca" --user a@b --role web /nowhere
code 3 sign --ca "$LAB/ca" --user a@b --role web "$LAB/keys/key"
code 3 sign --ca /nowhere --user a@b --role web "$K"
code 3 init --no-passphrase "$LAB/ca"
code 3 init "$LAB/new"
warns 'no terminal'
[ -e "$LAB/new" ] && fail "init without a word about passphrases made something"
code 3 inspect "$K"
code 3 inspect /nowhere
ssh-keygen -q -t ed25519 -N secret -f "$LAB/locked"
code 255 sign -s "$LAB/locked" -I a -n x -V +1h "$K"
warns 'no terminal'
cp "$LAB/ca/user_ca" "$LAB/loose"
chmod 644 "$LAB/loose"
code 255 sign -s "$LAB/loose" -I a -n x -V +1h "$K"
warns 'chmod 600'
mkdir "$LAB/readonly"
cp "$K" "$LAB/readonly/k.pub"
mount --bind "$LAB/readonly" "$LAB/readonly"
mount -o remount,bind,ro "$LAB/readonly"
serial=$(cut -d ' ' -f 1 "$LAB/ca/serial")
code 3 sign --ca "$LAB/ca" --user a@b --role web "$LAB/readonly/k.pub"
warns 'Read-only'
[ "$serial" = "$(cut -d ' ' -f 1 "$LAB/ca/serial")" ] || fail "a serial was burnt"
umount "$LAB/readonly"
cp -r "$LAB/ca" "$LAB/ca-readonly"
mount --bind "$LAB/ca-readonly" "$LAB/ca-readonly"
mount -o remount,bind,ro "$LAB/ca-readonly"
code 3 sign --ca "$LAB/ca-readonly" --user a@b --role web "$K"
warns 'Read-only'
umount "$LAB/ca-readonly"
code 3 sign --ca "$LAB/ca" --user a@b --role web - <<<''

story "a host's certificate: read by ssh-keygen, believed by ssh, in the ledger"
cp /etc/ssh/ssh_host_ed25519_key.pub "$LAB/host.pub"
code 0 host --ca "$LAB/ca" --hostname web1,web1.example.com "$LAB/host.pub"
same "$LAB/host-cert.pub"
tail -n 1 "$LAB/ca/ledger.jsonl" | jq -e '.cert_type=="host" and .identity.principals==["web1","web1.example.com"]' >/dev/null || fail "the ledger"
cp "$LAB/host-cert.pub" /etc/ssh/ssh_host_ed25519_key-cert.pub
echo 'HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub' >>/etc/ssh/sshd_config
sshd_reload
sed 's/^/@cert-authority * /' "$LAB/ca/host_ca.pub" >/root/.ssh/known_hosts
issue alice web
as alice deploy -- 'echo known'
says known
runs ssh -F "$LAB/ssh_config" -o HostKeyAlias=db1 -i "$LAB/keys/alice" -l deploy web1 true
exits 255

story "is it time to renew?"
K2=$LAB/keys/renew.pub
cp "$K" "$K2"
cert=$LAB/keys/renew-cert.pub
for span in '-60m:+31m 1' '-60m:+29m 0' '-3h:-1h 0' '-1m:+8h 1'; do
  countersign sign -q -s "$LAB/ca/user_ca" -I r -n x -V "${span% *}" "$K2" || fail "$span"
  runs countersign needs-renewal "$cert"
  exits "${span#* }"
done
runs countersign needs-renewal --expires-in 9h "$cert"
exits 0
runs countersign needs-renewal "$K2"
exits 3
rm "$cert"
runs countersign needs-renewal "$cert"
exits 2

story "text in a certificate cannot speak to the terminal"
ssh-keygen -q -s "$LAB/ca/user_ca" -I $'evil\e]0;title\a\xff\xe2\x80\xae' -n x -V +1h "$K"
countersign inspect "$LAB/keys/k-cert.pub" >"$LAB/out"
grep -q $'[\x1b\x07]' "$LAB/out" && fail "escapes are shown as they are"
grep -q 'evil.u{1b}' "$LAB/out" || fail "they are not shown as escapes"
countersign inspect --json "$LAB/keys/k-cert.pub" | jq -e . >/dev/null || fail "no JSON"

story "40 signers at once: no serial twice, and all in the ledger"
rm -rf "$LAB/many"
mkdir "$LAB/many"
before=$(wc -l <"$LAB/ca/ledger.jsonl")
for i in $(seq 40); do
  cp "$root/tests/vectors/k_ed25519.pub" "$LAB/many/$i.pub"
  countersign sign -q --ca "$LAB/ca" --user "u$i@example.com" --role web "$LAB/many/$i.pub" &
  signers[i]=$!
done
for i in $(seq 40); do
  wait "${signers[i]}" || fail "signer $i"
done
[ "$(for c in "$LAB"/many/*-cert.pub; do countersign inspect --json "$c" | jq .serial; done | sort -u | wc -l)" = 40 ] || fail "a serial twice"
[ "$(wc -l <"$LAB/ca/ledger.jsonl")" = $((before + 40)) ] || fail "the ledger has another number"
jq -e -s 'map(select(.event == "cert.create").serial) | . == (sort | unique)' "$LAB/ca/ledger.jsonl" >/dev/null || fail "the ledger's serials do not grow"

story "kill -9 at any moment: never a certificate that is not in the ledger"
rm -rf "$LAB/many"
mkdir "$LAB/many"
for i in $(seq 60); do
  cp "$root/tests/vectors/k_ed25519.pub" "$LAB/many/$i.pub"
  countersign sign -q --ca "$LAB/ca" --user "k$i@example.com" --role web "$LAB/many/$i.pub" &
  signer=$!
  sleep "0.00$((RANDOM % 10))"
  kill -9 $signer 2>/dev/null
  wait $signer 2>/dev/null
done
jq -e . "$LAB/ca/ledger.jsonl" >/dev/null || fail "a broken line in the ledger"
made=0
for cert in "$LAB"/many/*-cert.pub; do
  [ -e "$cert" ] || continue
  made=$((made + 1))
  serial=$(countersign inspect --json "$cert" | jq .serial)
  jq -e -s --argjson s "$serial" '[.[] | select(.event == "cert.create" and .serial == $s)] | length == 1' "$LAB/ca/ledger.jsonl" >/dev/null || fail "serial $serial is not in the ledger once"
done
printf '  (%s of 60 were in time)\n' "$made"
code 0 sign -q --ca "$LAB/ca" --user after@example.com --role web "$K"

story "a full disk: nothing is issued, and nothing is half written"
mkdir "$LAB/small"
mount -t tmpfs -o size=1m tmpfs "$LAB/small"
cp -r "$LAB/ca/." "$LAB/small"
countersign sign -q --ca "$LAB/small" --user a@example.com --role web "$K" || fail "on the small disk"
sum=$(sha256sum <"$LAB/small/ledger.jsonl")
dd if=/dev/zero of="$LAB/small/fill" bs=1k 2>/dev/null
# Room in the ledger's last page is room: fill that, too.
while countersign sign -q --ca "$LAB/small" --user f@example.com --role web "$K" 2>/dev/null; do :; done
sum=$(sha256sum <"$LAB/small/ledger.jsonl")
rm -f "$LAB/keys/k-cert.pub"
code 3 sign --ca "$LAB/small" --user b@example.com --role web "$K"
[ -e "$LAB/keys/k-cert.pub" ] && fail "a certificate on a full disk"
[ "$sum" = "$(sha256sum <"$LAB/small/ledger.jsonl")" ] || fail "the ledger changed"
rm "$LAB/small/fill"
countersign sign -q --ca "$LAB/small" --user c@example.com --role web "$K" || fail "after room was made"
jq -e . "$LAB/small/ledger.jsonl" >/dev/null || fail "a broken line"
code 0 ledger --ca "$LAB/small" --verify
umount "$LAB/small"
