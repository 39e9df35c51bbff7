# Where a CA's key may live, and how alike ssh-keygen we are: every type of CA
# key in files and agents, tokens, agents that lie; every letter beside
# ssh-keygen's own result.
# shellcheck shell=bash

K=$LAB/keys/k.pub
cp "$LAB/keys/key.pub" "$K"
export SSH_SK_PROVIDER=/usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so

# code N ARG...: countersign ends with this code
code() {
  local want=$1
  shift
  runs countersign "$@"
  exits "$want"
}
# told CERT: what ssh-keygen sees in it, but for the path and its first line
told() { TZ=UTC ssh-keygen -L -f "$1" | tail -n +2; }
# start_agent: a fresh ssh-agent as $SSH_AUTH_SOCK
start_agent() {
  stop_agent
  eval "$(ssh-agent -s -a "$LAB/agent.$RANDOM")" >/dev/null
}
stop_agent() {
  [ -z "${SSH_AGENT_PID-}" ] || kill "$SSH_AGENT_PID" 2>/dev/null
  unset SSH_AGENT_PID SSH_AUTH_SOCK
}

story "every type of CA key, from its file: plain and encrypted"
ssh-keygen -q -t dsa -N '' -f "$LAB/ca_dsa"
ssh-keygen -q -t rsa -b 2048 -N '' -f "$LAB/ca_rsa"
ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f "$LAB/ca_pem"
for bits in 256 384 521; do ssh-keygen -q -t ecdsa -b $bits -N '' -f "$LAB/ca_ecdsa$bits"; done
ssh-keygen -q -t ed25519 -N '' -f "$LAB/ca_ed25519"
ssh-keygen -q -t ed25519-sk -N '' -f "$LAB/ca_sked25519"
ssh-keygen -q -t ecdsa-sk -N '' -f "$LAB/ca_skecdsa"
types='dsa rsa pem ecdsa256 ecdsa384 ecdsa521 ed25519 sked25519 skecdsa'
printf '#!/bin/sh\necho secret phrase\n' >"$LAB/askpass"
chmod 755 "$LAB/askpass"
for type in $types; do
  code 0 sign -q -s "$LAB/ca_$type" -I "$type" -n x -V +1h -z 5 "$K"
  told "$LAB/keys/k-cert.pub" >"$LAB/seen"
  grep -q 'Serial: 5$' "$LAB/seen" || fail "$type: $(cat "$LAB/seen")"
  countersign inspect --json "$LAB/keys/k-cert.pub" | jq -e '.signature == "valid"' >/dev/null || fail "$type: inspect"
  cp "$LAB/ca_$type" "$LAB/locked_$type"
  ssh-keygen -q -p -N 'secret phrase' -P '' -f "$LAB/locked_$type" >/dev/null 2>&1 || fail "cannot encrypt $type"
  SSH_ASKPASS=$LAB/askpass SSH_ASKPASS_REQUIRE=force runs countersign sign -q -s "$LAB/locked_$type" -I "$type" -n x -V +1h "$K"
  exits 0
done
# What watches it ends it when we have ended, a moment later.
wait_until "no agent is left" bash -c '! pgrep -x ssh-agent >/dev/null'
# Each is believed by sshd, but for the types that it no longer takes.
for type in rsa ecdsa256 ecdsa384 ecdsa521 sked25519 skecdsa; do
  cp "$LAB/ca_$type.pub" /etc/countersign/user_ca.pub
  cp "$LAB/keys/key" "$LAB/keys/k"
  code 0 sign -q -s "$LAB/ca_$type" -I alice@example.com -n role:web -V +1h -z 6 "$K"
  as k deploy -- echo "$type"
  says "$type"
done

story "RSA signs with SHA-2 only, as -t says"
code 0 sign -q -s "$LAB/ca_rsa" -t rsa-sha2-256 -I x -n x -V +1h "$K"
told "$LAB/keys/k-cert.pub" | grep -q 'using rsa-sha2-256' || fail "not sha2-256"
code 0 sign -q -s "$LAB/ca_rsa" -I x -n x -V +1h "$K"
told "$LAB/keys/k-cert.pub" | grep -q 'using rsa-sha2-512' || fail "not sha2-512"
code 255 sign -q -s "$LAB/ca_rsa" -t ssh-rsa -I x -n x -V +1h "$K"
warns 'SHA-1'
code 255 sign -q -s "$LAB/ca_ed25519" -t rsa-sha2-256 -I x -n x -V +1h "$K"

story "every type in the user's agent, by its public key (-U)"
start_agent
for type in $types; do
  ssh-add -q "$LAB/ca_$type" || fail "ssh-add $type"
  code 0 sign -q -U -s "$LAB/ca_$type.pub" -I "$type" -n x -V +1h "$K"
  countersign inspect --json "$LAB/keys/k-cert.pub" | jq -e '.signature == "valid"' >/dev/null || fail "$type"
done
ssh-add -q -D
code 255 sign -q -U -s "$LAB/ca_rsa.pub" -I x -n x -V +1h "$K"
warns 'does not hold this key'
stop_agent
code 255 sign -q -U -s "$LAB/ca_rsa.pub" -I x -n x -V +1h "$K"
warns 'SSH_AUTH_SOCK'

story "a key in a PKCS#11 token, through the agent"
export SOFTHSM2_CONF=$LAB/softhsm2.conf
mkdir "$LAB/tokens"
echo "directories.tokendir = $LAB/tokens" >"$SOFTHSM2_CONF"
softhsm2-util --init-token --free --label ca --so-pin 1234 --pin 1234 >/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$LAB/hsm.pem" 2>/dev/null
softhsm2-util --import "$LAB/hsm.pem" --token ca --label ca --id 01 --pin 1234 >/dev/null || fail "softhsm2"
start_agent
printf '#!/bin/sh\necho 1234\n' >"$LAB/askpin"
chmod 755 "$LAB/askpin"
module=$(ls /usr/lib/*/softhsm/libsofthsm2.so /usr/lib/softhsm/libsofthsm2.so 2>/dev/null | head -n 1)
SSH_ASKPASS=$LAB/askpin SSH_ASKPASS_REQUIRE=force ssh-add -q -s "$module" </dev/null || fail "ssh-add -s"
ssh-add -L | head -n 1 >"$LAB/hsm.pub"
countersign init -q --no-passphrase --user-ca "$LAB/hsm.pub" "$LAB/hsm-ca" || fail "a CA on a token"
[ -e "$LAB/hsm-ca/user_ca" ] && fail "there is a private key file"
code 0 sign -q --ca "$LAB/hsm-ca" --user alice@example.com --role web "$K"
told "$LAB/keys/k-cert.pub" | grep -q 'using rsa-sha2-512' || fail "the token's key did not sign"
SSH_AUTH_SOCK='' code 3 sign -q --ca "$LAB/hsm-ca" --user alice@example.com --role web "$K"
code 0 ledger --ca "$LAB/hsm-ca" --verify
grep -q ' 1 certificates' "$LAB/out" || fail "a serial was used up"
stop_agent

# An agent that lies in one way, each time.
cat >"$LAB/liar.py" <<'END'
import os, socket, struct, subprocess, sys
path, real, how = sys.argv[1:4]
def s(b): return struct.pack(">I", len(b)) + b
def take(c):
    head = c.recv(4, socket.MSG_WAITALL)
    if len(head) < 4: sys.exit(0)
    return c.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL)
def ask(message):
    with socket.socket(socket.AF_UNIX) as r:
        r.connect(real); r.sendall(s(message)); return take(r)
l = socket.socket(socket.AF_UNIX); l.bind(path); l.listen(5); print("ready", flush=True)
while True:
    c, _ = l.accept()
    while True:
        head = c.recv(4, socket.MSG_WAITALL)
        if len(head) < 4: break
        m = c.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL)
        a = ask(m)
        if m[0] == 13:
            if how == "flip": a = a[:-1] + bytes([a[-1] ^ 1])
            elif how == "other":
                n = 5 + struct.unpack(">I", m[1:5])[0]
                a = ask(m[:n] + s(b"something else entirely") + struct.pack(">I", 0))
            elif how == "short": a = a[:-9]
            elif how == "hangup": c.close(); break
            elif how == "refuse": a = b"\x05"
            elif how == "sha1": a = bytes([14]) + s(s(b"ssh-rsa") + s(b"x" * 256))
            elif how == "huge": c.sendall(struct.pack(">I", 0xffffffff)); continue
            elif how == "hang": import time; time.sleep(60)
        elif how == "nolist": a = b"\x0c\xff\xff\xff\xff"
        c.sendall(s(a))
END
story "agents that lie, cut short, refuse or hang: nothing is issued, no serial is used"
start_agent
ssh-add -q "$LAB/ca_ed25519"
real=$SSH_AUTH_SOCK
countersign init -q --no-passphrase --user-ca "$LAB/ca_ed25519.pub" "$LAB/agent-ca" || fail "a CA in an agent"
for how in flip other short hangup refuse sha1 huge hang nolist; do
  coproc LIAR { exec python3 "$LAB/liar.py" "$LAB/liar-$how" "$real" $how; }
  read -r -t 10 -u "${LIAR[0]}" _ || fail "no liar"
  liar=$LIAR_PID
  rm -f "$LAB/keys/k-cert.pub"
  SSH_AUTH_SOCK=$LAB/liar-$how code 3 sign --ca "$LAB/agent-ca" --agent-timeout 1s --user a@example.com --role web "$K"
  [ -s "$LAB/err" ] || fail "$how: no word about it"
  [ -e "$LAB/keys/k-cert.pub" ] && fail "$how: a certificate"
  kill "$liar"
  wait "$liar" 2>/dev/null
done
countersign ledger --ca "$LAB/agent-ca" --verify | grep -q ' 0 certificates' || fail "a serial was used up"
code 0 sign -q --ca "$LAB/agent-ca" --user a@example.com --role web "$K"
stop_agent

story "-V, -O, -n, -z, -h: the same certificate as ssh-keygen's, or both refuse"
CA=$LAB/ca_ed25519
# alike OPTION...: both make a certificate of the key, or neither
n_same=0
alike_keygen() {
  local ours theirs tries
  for tries in 1 2 3; do
    rm -f "$LAB/keys/k-cert.pub"
    ssh-keygen -q -s "$CA" -I 'id "x"' "$@" "$K" >/dev/null 2>&1
    theirs=$?
    [ $theirs = 0 ] && told "$LAB/keys/k-cert.pub" >"$LAB/theirs"
    rm -f "$LAB/keys/k-cert.pub"
    runs countersign sign -q -s "$CA" -I 'id "x"' "$@" "$K"
    ours=$STATUS
    [ $ours = $theirs ] || fail "$*: ours ends with $ours, ssh-keygen with $theirs"
    [ $ours = 0 ] || break
    told "$LAB/keys/k-cert.pub" >"$LAB/ours"
    # The clock may have ticked between the two.
    cmp -s "$LAB/ours" "$LAB/theirs" && break
  done
  [ $ours != 0 ] || cmp -s "$LAB/ours" "$LAB/theirs" || fail "$*: $(diff "$LAB/theirs" "$LAB/ours")"
  n_same=$((n_same + 1))
}
for zone in UTC Europe/Berlin America/New_York; do
  export TZ=$zone
  for v in +1h +52w +1w2d3h4m5s +3600 -1w:+2w +1h:+2H -1d:20400101 20200101:20300101 202001011530:20300101 20200101153045:203001011530 \
    20200101Z:20300101Z 20200701:20300701 always:forever always:+1d -5m:forever 0x5e0be100:0x7fffffffffff 0X5e:+1d \
    +1h:+1h +2h:+1h 20300101:20200101 20201301:20300101 20200101 forever always always:always -1h '' : +1x +1h: :+1h 20200101ZZ:+1d +99999999w \
    2020010:+1d 0x:+1d +0:+1 +-1 -1h:+1h:+2h; do
    alike_keygen -n x -V "$v"
  done
done
export TZ=UTC
for o in clear no-pty no-port-forwarding no-agent-forwarding no-x11-forwarding NO-USER-RC 'clear -O permit-pty' 'no-pty -O permit-pty' \
  permit-X11-forwarding no-touch-required 'no-touch-required -O touch-required' 'no-touch-required -O clear' verify-required \
  source-address=10.0.0.0/8 source-address=10.0.0.1/8 source-address=::1/128,10.1.2.3 source-address= source-address=home \
  'force-command=ls -l' force-command= 'source-address=10.0.0.0/8 -O source-address=10.0.0.0/8' critical:a@b=c critical:a@b extension:a@b=c extension:a@b \
  'extension:z@b -O critical:y@b=1 -O extension:a@b=2' frobnicate pty; do
  # shellcheck disable=SC2086
  if [ "$o" = 'force-command=ls -l' ]; then alike_keygen -n x -V +1h -O "$o"; else alike_keygen -n x -V +1h -O $o; fi
done
for n in a a,b,c 'a b' '*' 'a,' ',a' '' "$(seq -s, 256)" "$(seq -s, 257)"; do alike_keygen -V +1h -n "$n"; done
for z in 0 1 18446744073709551615 18446744073709551616 -1 x 0x10; do alike_keygen -n x -V +1h -z "$z"; done
alike_keygen
alike_keygen -h -n host1,host2 -V +1d
alike_keygen -O permit-pty -h -n host1
alike_keygen -h -O permit-pty -n host1
alike_keygen -h -n host1 -O force-command=x
printf '  (%s command lines)\n' $n_same
runs countersign sign -s "$CA" -n x "$K"
exits 255
runs countersign sign -s "$CA" -I x -n x --frobnicate "$K"
exits 1
for i in 1 2 3; do cp "$K" "$LAB/keys/m$i.pub"; done
code 0 sign -q -s "$CA" -I x -n x -V +1h -z +7 "$LAB"/keys/m[123].pub
for i in 1 2 3; do told "$LAB/keys/m$i-cert.pub" | grep -q "Serial: $((6 + i))\$" || fail "serial of m$i"; done
code 0 sign -s "$CA" -I x -n x,y -V 20200101Z:20300101Z -z 9 "$K"
cp "$LAB/err" "$LAB/ours"
ssh-keygen -s "$CA" -I x -n x,y -V 20200101Z:20300101Z -z 9 "$K" 2>&1 | tr -d '\r' >"$LAB/theirs"
cmp -s "$LAB/ours" "$LAB/theirs" || fail "other words: $(diff "$LAB/theirs" "$LAB/ours")"

story "stricter than ssh-keygen only in warning"
code 0 sign -s "$CA" -I x "$K"
warns 'CVE-2024-7594'
warns 'never expires'
code 0 sign -s "$CA" -I x -n '*' -V +1h "$K"
warns 'may be read as something else'
code 0 sign -s "$CA" -I x -n x -V +1h "$root/tests/vectors/k_dsa.pub" 2>/dev/null || fail "DSA"
cp "$root/tests/vectors/k_dsa.pub" "$LAB/keys/d.pub"
code 0 sign -s "$CA" -I x -n x -V +1h "$LAB/keys/d.pub"
warns 'DSA keys are not safe'
rm -f "$root/tests/vectors/k_dsa-cert.pub"

story "KRLs: what each writes the other reads the same, ours no larger"
cat >"$LAB/spec1" <<END
serial: 1-4
serial: 10
serial: 0x20-0x30
serial: 500-799
serial: 10000-20000
serial: 18446744073709551615
id: alice@example.com   # a comment
END
(
  printf 'key: ' && cat "$LAB/ca_rsa.pub"
  printf 'sha1: ' && cat "$LAB/ca_ecdsa256.pub"
  printf 'sha256: ' && cat "$LAB/ca_ecdsa384.pub"
  printf 'hash: ' && ssh-keygen -l -f "$LAB/ca_ecdsa521.pub" | cut -d ' ' -f 2
  cat "$LAB/ca_sked25519.pub" "$LAB/keys/m2-cert.pub"
) >"$LAB/spec2"
for i in $(seq 3000); do [ $((RANDOM % 3)) = 0 ] && echo "serial: $((i * 7 % 9001 + 1))"; done >"$LAB/spec3"
for specs in spec1 spec2 spec3 'spec1 spec2' 'spec1 spec2 spec3'; do
  paths=$(printf "$LAB/%s " $specs)
  # shellcheck disable=SC2086
  ssh-keygen -q -k -s "$CA.pub" -z 7 -f "$LAB/krl.theirs" $paths || fail "ssh-keygen: $specs"
  # shellcheck disable=SC2086
  code 0 krl -k -q -s "$CA" -z 7 -f "$LAB/krl.ours" $paths
  for list in theirs ours; do
    ssh-keygen -Q -l -f "$LAB/krl.$list" | grep -v '^# Generated' | sort >"$LAB/by-keygen.$list" || fail "ssh-keygen cannot read $list"
    countersign krl -Q -l -f "$LAB/krl.$list" | grep -v '^# Generated' | sort >"$LAB/by-us.$list" || fail "we cannot read $list"
  done
  cmp -s "$LAB/by-keygen.theirs" "$LAB/by-keygen.ours" || fail "$specs: another list: $(diff "$LAB/by-keygen.theirs" "$LAB/by-keygen.ours" | head)"
  cmp -s "$LAB/by-us.theirs" "$LAB/by-us.ours" || fail "$specs: read differently"
  # ssh-keygen 9.2 prints hashes in hex, which it cannot read: ours are its specifications.
  sed -i '/^#* *hash:* SHA/d' "$LAB/by-us.ours" "$LAB/by-keygen.ours"
  cmp -s "$LAB/by-us.ours" "$LAB/by-keygen.ours" || fail "$specs: we print it otherwise: $(diff "$LAB/by-keygen.ours" "$LAB/by-us.ours" | head)"
  [ "$(stat -c %s "$LAB/krl.ours")" -le "$(stat -c %s "$LAB/krl.theirs")" ] || fail "$specs: ours is larger"
  for key in "$LAB"/ca_*.pub "$LAB"/keys/*.pub; do
    ssh-keygen -Q -f "$LAB/krl.ours" "$key" >"$LAB/theirs" 2>&1
    theirs=$?
    countersign krl -Q -f "$LAB/krl.ours" "$key" >"$LAB/ours" 2>&1
    [ $? = $theirs ] || fail "-Q of $key: another status than $theirs"
    cmp -s "$LAB/ours" "$LAB/theirs" || fail "-Q of $key: $(cat "$LAB/ours")"
  done
done
ssh-keygen -q -k -f "$LAB/krl.theirs" "$LAB/spec2"
countersign krl -Q -l -f "$LAB/krl.theirs" | grep '^hash: SHA256' | sed 's/ #.*//' >"$LAB/spec5"
[ "$(wc -l <"$LAB/spec5")" -ge 3 ] || fail "no hashes"
code 0 krl -k -q -f "$LAB/krl5" "$LAB/spec5"
for type in rsa ecdsa384 ecdsa521; do
  ssh-keygen -Q -f "$LAB/krl5" "$LAB/ca_$type.pub" >/dev/null && fail "the printed hash of $type is not its hash"
done
code 0 krl -k -q -u -s none -f "$LAB/krl.ours" "$LAB/spec1"
ssh-keygen -Q -l -f "$LAB/krl.ours" | grep -q 'Wildcard CA' || fail "the update"
code 255 krl -k -q -f "$LAB/krl.ours" "$LAB/spec1"
code 255 krl -k -q -u -f "$LAB/nowhere" "$LAB/spec2"
code 255 krl -Q -f "$LAB/spec1" "$K"
code 255 krl -Q
code 1 krl -Q --frobnicate
sum=$(sha256sum <"$LAB/krl.ours")
echo 'serial: 0' >"$LAB/spec4"
code 255 krl -k -q -u -s "$CA" -f "$LAB/krl.ours" "$LAB/spec4"
[ "$sum" = "$(sha256sum <"$LAB/krl.ours")" ] || fail "a refused update changed the list"
