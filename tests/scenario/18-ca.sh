# A CA's life: made, used by profiles, revoked from, rotated, restored; and what
# its ledger says of it.
# shellcheck shell=bash

K=$LAB/keys/k.pub
cp "$LAB/keys/key.pub" "$K"
cp "$LAB/keys/key" "$LAB/keys/k"

# at_terminal ANSWERS COMMAND...: the command at a terminal, where each prompt
# gets the next answer (separated by |); its words in $LAB/out
cat >"$LAB/terminal.py" <<'END'
import os, pty, re, select, sys, time
answers = sys.argv[1].split("|") if sys.argv[1] else []
pid, fd = pty.fork()
if pid == 0:
    os.environ.pop("SSH_ASKPASS", None)
    os.execvp(sys.argv[2], sys.argv[2:])
seen, told, deadline = b"", 0, time.time() + 50
while time.time() < deadline:
    if fd in select.select([fd], [], [], 0.1)[0]:
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        seen += data
    prompts = len(re.findall(rb"(?:passphrase for|again)[^\r\n]*: ", seen))
    if prompts > told:
        time.sleep(0.05)
        os.write(fd, (answers[told] if told < len(answers) else "").encode() + b"\n")
        told += 1
_, status = os.waitpid(pid, 0)
sys.stdout.write(seen.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(status))
END
at_terminal() {
  timeout 60 python3 "$LAB/terminal.py" "$@" >"$LAB/out" 2>"$LAB/err"
  STATUS=$?
}
shown() { grep -q -- "$1" "$LAB/out" || fail "it does not say '$1'"; }
code() {
  local want=$1
  shift
  runs countersign "$@"
  exits "$want"
}
agents_left() { wait_until "no ssh-agent is left" bash -c '! pgrep -x ssh-agent >/dev/null'; }
# Others that run beside this have theirs there as well, for a moment.
folders_left() { wait_until "no folder is left in /tmp" bash -c "! compgen -G '/tmp/countersign.*' >/dev/null"; }

story "its keys are encrypted, under a passphrase that is asked for twice"
at_terminal 'correct horse|correct horse' countersign init "$LAB/locked"
exits 0
shown '@cert-authority'
grep -q 'correct horse' "$LAB/out" && fail "the passphrase was shown"
for name in user_ca host_ca policy_key; do
  ssh-keygen -y -P '' -f "$LAB/locked/$name" >/dev/null 2>&1 && fail "$name is not encrypted"
  [ "$(ssh-keygen -y -P 'correct horse' -f "$LAB/locked/$name")" = "$(cut -d ' ' -f 1-3 "$LAB/locked/$name.pub")" ] || fail "$name"
  [ "$(stat -c %a "$LAB/locked/$name")" = 600 ] || fail "mode of $name"
done
at_terminal 'correct horse|another' countersign init "$LAB/other"
exits 3
shown 'differ'
at_terminal 'abc|abc' countersign init "$LAB/other"
exits 3
shown 'at least 5'
compgen -G "$LAB/other*" >/dev/null && fail "something was left of it"
mkdir "$LAB/empty"
code 3 init --no-passphrase "$LAB/empty"
[ -z "$(ls -A "$LAB/empty")" ] || fail "an empty folder was filled"

story "an encrypted key signs: the passphrase is asked for, thrice at most"
at_terminal 'correct horse' countersign sign --ca "$LAB/locked" --user alice@example.com --role web "$K"
exits 0
ssh-keygen -L -f "$LAB/keys/k-cert.pub" | grep -q 'Serial: 1$' || fail "no certificate"
at_terminal 'wrong|wrong too|correct horse' countersign sign -q --ca "$LAB/locked" --user alice@example.com --role web "$K"
exits 0
at_terminal 'wrong|wrong too|wrong again|correct horse' countersign sign -q --ca "$LAB/locked" --user alice@example.com --role web "$K"
exits 3
shown 'was not opened'
countersign ledger --ca "$LAB/locked" --verify | grep -q ' 2 certificates' || fail "a serial without a passphrase"
printf '#!/bin/sh\necho correct horse\n' >"$LAB/askpass"
printf '#!/bin/sh\necho "x" >>%s; echo wrong\n' "$LAB/asked" >"$LAB/askwrong"
chmod 755 "$LAB/askpass" "$LAB/askwrong"
SSH_ASKPASS=$LAB/askpass runs setsid countersign sign -q --ca "$LAB/locked" --user ci:1 --role web "$K"
exits 0
SSH_ASKPASS=$LAB/askwrong runs setsid countersign sign -q --ca "$LAB/locked" --user ci:1 --role web "$K"
exits 3
[ "$(wc -l <"$LAB/asked")" = 3 ] || fail "asked $(wc -l <"$LAB/asked") times"
agents_left
folders_left

story "interrupted at the prompt, the terminal has its echo back"
cat >"$LAB/interrupt.py" <<'END'
import os, pty, subprocess, sys, termios, time
main, side = pty.openpty()
def session():
    os.setsid()
    import fcntl
    fcntl.ioctl(side, termios.TIOCSCTTY, 0)
p = subprocess.Popen(sys.argv[1:], stdin=side, stdout=side, stderr=side, preexec_fn=session)
seen = b""
while b"passphrase for" not in seen: seen += os.read(main, 4096)
time.sleep(0.2)
if termios.tcgetattr(side)[3] & termios.ECHO: sys.exit("it echoes while it asks")
os.write(main, b"\x03")
if p.wait(timeout=20) != -2: sys.exit(f"it ended with {p.returncode}")
if not termios.tcgetattr(side)[3] & termios.ECHO: sys.exit("the echo is gone")
END
runs python3 "$LAB/interrupt.py" countersign sign -q --ca "$LAB/locked" --user alice@example.com --role web "$K"
exits 0
for _ in $(seq 100); do pgrep -x ssh-agent >/dev/null || break; sleep 0.02; done
agents_left

story "its agent stands where nobody else can put another"
install -d -o mallory -m 755 "$LAB/theirs"
chmod 711 "$LAB"
printf '#!/bin/sh\nls -A %s >>%s; ls -d /tmp/countersign.?????? >>%s; echo correct horse\n' "$LAB/theirs" "$LAB/seen-theirs" "$LAB/seen-tmp" >"$LAB/asklook"
chmod 755 "$LAB/asklook"
XDG_RUNTIME_DIR=$LAB/theirs SSH_ASKPASS=$LAB/asklook SSH_ASKPASS_REQUIRE=force runs countersign sign -q --ca "$LAB/locked" --user ci:1 --role web "$K"
exits 0
[ -s "$LAB/seen-theirs" ] && fail "its folder was in another's: $(cat "$LAB/seen-theirs")"
[ -s "$LAB/seen-tmp" ] || fail "its folder was not where it was looked for"

story "killed while it asks: no agent, no folder, no serial is left"
printf '#!/bin/sh\nsleep 30\n' >"$LAB/askslow"
chmod 755 "$LAB/askslow"
for victim in 9 15 2; do
  SSH_ASKPASS=$LAB/askslow SSH_ASKPASS_REQUIRE=force countersign sign -q --ca "$LAB/locked" --user ci:2 --role web "$K" 2>/dev/null &
  signer=$!
  wait_until "it asks" pgrep -f "$LAB/askslow"
  kill -$victim $signer
  wait $signer 2>/dev/null
  for _ in $(seq 100); do pgrep -x ssh-agent >/dev/null || break; sleep 0.02; done
  agents_left
  pkill -f "$LAB/askslow"
  sleep 0.1
done
for _ in $(seq 100); do compgen -G '/tmp/countersign.*' >/dev/null || break; sleep 0.02; done
folders_left
countersign ledger --ca "$LAB/locked" --verify | grep -q ' 4 certificates' || fail "a serial was used"

story "profiles: who may be issued what, and which rule refused"
cat >"$LAB/ca/profiles.json" <<'END'
{ "profiles": {
  "ci": { "type": "user", "users": ["ci:*"], "roles": ["deploy-*"], "max_ttl": "15m", "connector_ids": ["github"],
          "claims": { "repository": ["acme/*"] }, "extensions": [], "source_address": ["10.0.0.0/8"],
          "force_command": "/usr/bin/deploy", "renewable": false },
  "person": { "type": "user", "users": ["*@example.com"], "roles": ["*"], "default_ttl": "8h", "max_ttl": "24h",
              "extensions": ["permit-pty"], "allow_extensions": ["permit-port-forwarding"] },
  "host": { "type": "host", "hostnames": ["*.example.com", "web1"], "default_ttl": "30d", "max_ttl": "90d" } } }
END
CA=$LAB/ca
code 1 sign --ca "$CA" --user eve@evil.example --role web "$K"
warns "profile 'ci': 'eve@evil.example' is not among its users"
event '.event=="cert.refused" and .rule=="users" and .identity.user=="eve@evil.example"'
tail -n 1 "$CA/ledger.jsonl" | jq -e '.event=="cert.refused" and .rule=="users"' >/dev/null || fail "not in the ledger"
code 1 sign --ca "$CA" --user ci:9 --role deploy-web --connector-id github "$K"
warns "there is no claim 'repository'"
code 0 sign -q --ca "$CA" --user ci:9 --role deploy-web --connector-id github --request-id run-7 --mfa none \
  --claims '{"repository": "acme/shop", "n": 1}' "$K"
countersign inspect --json "$LAB/keys/k-cert.pub" >"$LAB/out"
jq -e '.critical == {"force-command":"/usr/bin/deploy","source-address":"10.0.0.0/8"} and
  (.extensions["claims@countersign"] | fromjson) == {"repository":"acme/shop","n":1} and
  .extensions["request-id@countersign"]=="run-7" and .extensions["mfa@countersign"]=="none" and
  .extensions["connector-id@countersign"]=="github" and (.extensions | length) == 4' "$LAB/out" >/dev/null || fail "the certificate"
ssh-keygen -L -f "$LAB/keys/k-cert.pub" | grep -q 'claims@countersign' || fail "ssh-keygen does not see the claims"
event '.event=="cert.create" and .identity.claims.repository=="acme/shop" and .identity.connector_id=="github" and
  .identity.mfa=="none" and .request_id=="run-7" and .profile=="ci" and (.chain | length) == 64'
code 1 renew --ca "$CA" "$LAB/keys/k-cert.pub"
warns 'renewable'
code 1 host --ca "$CA" --hostname db.evil.example "$K"
warns "not among its hostnames"
code 0 host -q --ca "$CA" --hostname web1.example.com,web1 "$K"
echo '{ "profiles": { "x": { "type": "user", "max_tll": "1h" } } }' >"$LAB/profiles.bad"
cp "$CA/profiles.json" "$LAB/profiles.good"
cp "$LAB/profiles.bad" "$CA/profiles.json"
code 3 sign --ca "$CA" --user a@example.com --role web "$K"
warns 'max_tll: unknown key'
cp "$LAB/profiles.good" "$CA/profiles.json"
chmod 666 "$CA/profiles.json"
code 3 sign --ca "$CA" --user a@example.com --role web "$K"
warns 'chmod 600'
chmod 600 "$CA/profiles.json"

story "a host takes no notice of claims, and lets the certificate in"
usual_policy
code 0 sign -q --ca "$CA" --user alice@example.com --role web --claims '{"a":["b"]}' --mfa webauthn "$LAB/keys/k.pub"
as k deploy -- echo in
says in

story "many keys in one call, all or none; a batch answers each line"
mkdir "$LAB/many"
for i in 1 2 3; do cp "$K" "$LAB/many/$i.pub"; done
before=$(countersign ledger --ca "$CA" --verify | cut -d ' ' -f 2)
code 3 sign -q --ca "$CA" --user a@example.com --role web "$LAB"/many/1.pub "$LAB"/many/9.pub "$LAB"/many/3.pub
[ -e "$LAB/many/1-cert.pub" ] && fail "one of them was issued"
[ "$before" = "$(countersign ledger --ca "$CA" --verify | cut -d ' ' -f 2)" ] || fail "a serial was used"
code 0 sign -q --ca "$CA" --user a@example.com --role web "$LAB"/many/[123].pub
[ "$(for c in "$LAB"/many/*-cert.pub; do countersign inspect --json "$c" | jq .serial; done | tr '\n' ' ')" = "$((before + 1)) $((before + 2)) $((before + 3)) " ] || fail "their serials"
key=$(cut -d ' ' -f 1,2 "$K")
cat >"$LAB/batch" <<END
{"key":"$key","user":"b1@example.com","roles":["web"]}

{"key":"$key","user":"b2@evil.example","roles":["web"]}
not json
{"key":"nonsense","user":"b3@example.com","roles":["web"]}
{"key":"$key me \u001b]0;x","user":"b4@example.com","roles":["web"],"ttl":"5m","request_id":"r4"}
END
runs countersign sign --ca "$CA" --batch "$LAB/batch"
exits 1
jq -s -e '[.[].line] == [1,3,4,5,6] and (map(has("certificate")) == [true,false,false,false,true]) and
  .[1].rule == "users" and .[2].error != null and .[3].rule == "key"' "$LAB/out" >/dev/null || fail "the answers: $(cat "$LAB/out")"
grep -q $'\033' "$LAB/out" && fail "an escape"
countersign ledger --ca "$CA" --user b4@example.com --json | jq -e '.request_id=="r4"' >/dev/null || fail "the ledger"
# A reader that goes away: what it did not get is noted.
for i in $(seq 400); do printf '{"key":"%s","user":"p%s@example.com","roles":["web"]}\n' "$key" "$i"; done >"$LAB/batch"
countersign sign --ca "$CA" --batch "$LAB/batch" 2>"$LAB/err" | head -n 1 >/dev/null
warns 'Broken pipe'
countersign ledger --ca "$CA" --user p400@example.com --json | jq -s -e 'map(.event) == ["cert.create","cert.undelivered"]' >/dev/null || fail "not noted"
# Answers do not wait for lines that have not come yet.
coproc BATCH { countersign sign --ca "$CA" --batch -; }
batch=$BATCH_PID
for i in 1 2 3; do
  printf '{"key":"%s","user":"c%s@example.com","roles":["web"]}\n' "$key" $i >&"${BATCH[1]}"
  IFS= read -r -t 10 -u "${BATCH[0]}" line || fail "no answer to line $i"
  jq -e ".line==$i" <<<"$line" >/dev/null || fail "another line"
done
eval "exec ${BATCH[1]}>&-"
wait "$batch"
{ head -c 300000 /dev/zero | tr '\0' x; printf '\n{"key":"%s","user":"d@example.com","roles":["web"]}\n' "$key"; } >"$LAB/batch"
runs countersign sign --ca "$CA" --batch "$LAB/batch"
exits 2
jq -s -e '(.[0].error | test("too long")) and .[1].line==2 and .[1].serial > 0' "$LAB/out" >/dev/null || fail "a line that is too long"
printf '{"key":"%s","hostnames":["web1","a.example.com"],"ttl":"1d"}\n' "$key" | countersign host --ca "$CA" --batch - |
  jq -e '.user=="web1" and .profile=="host"' >/dev/null || fail "a batch for hosts"

story "the ledger answers by user, serial, key, role, time"
code 0 ledger --ca "$CA" --user b1@example.com
[ "$(wc -l <"$LAB/out")" = 1 ] || fail "not one line"
serial=$(countersign ledger --ca "$CA" --user b1@example.com --json | jq .serial)
code 0 ledger --ca "$CA" --serial "$serial" --json
jq -e '.user=="b1@example.com"' "$LAB/out" >/dev/null || fail "by serial"
code 0 ledger --ca "$CA" --role deploy-web
grep -q 'ci:9' "$LAB/out" || fail "by role"
code 0 ledger --ca "$CA" --key "$K" --since 1h --valid
code 1 ledger --ca "$CA" --until 1d
code 1 ledger --ca "$CA" --user nobody@example.com
code 0 ledger --ca "$CA" --verify
head=$(grep -o '[0-9a-f]\{64\}' "$LAB/out")

story "renewed: the same key and identity, only before its end, only if still allowed"
code 0 sign -q --ca "$CA" --user r@example.com --role web --ttl 1h -O no-pty -O permit-port-forwarding \
  -O source-address=127.0.0.0/8 --mfa otp "$K"
cp "$LAB/keys/k-cert.pub" "$LAB/first-cert.pub"
code 0 renew --ca "$CA" "$LAB/keys/k-cert.pub"
for cert in "$LAB/first-cert.pub" "$LAB/keys/k-cert.pub"; do
  countersign inspect --json "$cert" | jq -S 'del(.serial, .valid_after, .valid_before)'
done >"$LAB/out"
[ "$(sort "$LAB/out" | uniq -c | awk '$1 % 2' | wc -l)" = 0 ] || fail "it is not the same: $(cat "$LAB/out")"
[ "$(countersign inspect --json "$LAB/keys/k-cert.pub" | jq '(.valid_before|fromdate) - (.valid_after|fromdate)')" = 3660 ] || fail "not as long"
code 1 renew --ca "$CA" --ttl 25h "$LAB/keys/k-cert.pub"
warns 'max_ttl'
countersign renew -q --ca "$CA" - <"$LAB/first-cert.pub" >"$LAB/out-cert.pub" || fail "from pipe to pipe"
ssh-keygen -L -f "$LAB/out-cert.pub" >/dev/null || fail "no certificate"
ssh-keygen -q -s "$CA/user_ca" -I r@example.com -n role:web -z 1 -V +1h "$K"
code 1 renew --ca "$CA" "$LAB/keys/k-cert.pub"
warns 'not in this CA'
ssh-keygen -q -t ed25519 -N '' -f "$LAB/foreign"
ssh-keygen -q -s "$LAB/foreign" -I r@example.com -n role:web -z 1 -V +1h "$K"
code 1 renew --ca "$CA" "$LAB/keys/k-cert.pub"
warns 'not a certificate of this CA'
code 0 sign -q --ca "$CA" --user r@example.com --role web --ttl 1s "$K"
sleep 1.2
code 1 renew --ca "$CA" "$LAB/keys/k-cert.pub"
warns 'expired'

story "revoked by serial, user, id, key: the list refuses them, sshd and ssh-keygen agree"
issue alice web
issue bob web
issue carol web
ssh-keygen -q -t ed25519 -N '' -f "$LAB/keys/dave" -C ''
code 0 sign -q --ca "$CA" --user dave@example.com --role web "$LAB/keys/dave.pub"
serial=$(countersign inspect --json "$LAB/keys/alice-cert.pub" | jq .serial)
code 1 revoke --ca "$CA" --user nobody@example.com
code 1 revoke --ca "$CA" --serial 99999
code 2 revoke --ca "$CA" --serial 5-3
code 2 revoke --ca "$CA"
code 2 revoke --ca "$CA" --fingerprint SHA256:abc
code 0 krl -q --ca "$CA" -o /var/lib/countersign/krl
as alice deploy -- true
exits 0
code 0 revoke --ca "$CA" --serial "$serial" --user bob@example.com --id carol@example.com --key "$LAB/keys/dave.pub" --reason 'a lost laptop'
event '.event=="cert.revoke" and .revoked_by=="serial" and .reason=="a lost laptop"'
event '.event=="cert.revoke" and .revoked_by=="user" and .user=="bob@example.com"'
code 0 krl --ca "$CA" -o /var/lib/countersign/krl
for name in alice bob carol dave; do
  as "$name" deploy -- true
  refused
  ssh-keygen -Q -f /var/lib/countersign/krl "$LAB/keys/$name-cert.pub" >/dev/null && fail "ssh-keygen -Q lets $name in"
done
event '.event=="auth" and .reason=="revoked" and .serial=='"$serial"
issue erin web
as erin deploy -- echo erin
says erin
issue bob web
as bob deploy -- echo bob again
says 'bob again'
code 1 sign --ca "$CA" --user carol@example.com --role web "$K"
warns 'revoked for ever'
code 1 sign --ca "$CA" --user dave@example.com --role web "$LAB/keys/dave.pub"
warns 'needs a new key'
code 1 renew --ca "$CA" "$LAB/keys/alice-cert.pub"
warns 'revoked'
(cut -d ' ' -f 1,2 "$CA/policy_key.pub" | sed 's/^/ca /') >"$LAB/signers"
ssh-keygen -Y verify -f "$LAB/signers" -I ca -n krl@countersign -s /var/lib/countersign/krl.sig </var/lib/countersign/krl >/dev/null 2>&1 ||
  fail "ssh-keygen does not verify the list's signature"
code 0 inspect --signed /var/lib/countersign/krl /var/lib/countersign/krl.sig
grep -q '^signature  *valid' "$LAB/out" || fail "inspect of the signature"
code 1 inspect --signed "$K" /var/lib/countersign/krl.sig
code 0 inspect --json /var/lib/countersign/krl
jq -e '.type=="krl" and (.cas | map(.ids) | flatten | unique) == ["carol@example.com"] and .sha256s == 1' "$LAB/out" >/dev/null || fail "inspect of the list"

story "the list is the same for the same ledger and time, and forgets the expired"
code 0 krl -q --no-sign --ca "$CA" --at 2030-01-01T00:00:00Z -o "$LAB/krl1"
code 0 krl -q --no-sign --ca "$CA" --at 2030-01-01T00:00:00Z -o "$LAB/krl2"
cmp "$LAB/krl1" "$LAB/krl2" || fail "two lists differ"
countersign inspect --json "$LAB/krl1" | jq -e '[.cas[].serials[]] == []' >/dev/null || fail "expired certificates are in it"
countersign inspect --json /var/lib/countersign/krl | jq -e "[.cas[].serials[] | select(.[0] <= $serial and .[1] >= $serial)] | length == 1" >/dev/null || fail "the serial"

story "a changed or a missing line shows, and nothing is made of such a ledger"
code 0 ledger --ca "$CA" --verify --head "$head"
cp "$CA/ledger.jsonl" "$LAB/ledger.good"
sed -i 's/"revoked_by":"user"/"revoked_by":"none"/' "$CA/ledger.jsonl"
code 1 ledger --ca "$CA" --verify
warns 'was changed'
code 3 krl --ca "$CA" -o "$LAB/krl3"
[ -e "$LAB/krl3" ] && fail "a list of a forged ledger"
grep -v '"revoked_by":"user"' "$LAB/ledger.good" >"$CA/ledger.jsonl"
code 1 ledger --ca "$CA" --verify
head -n -1 "$LAB/ledger.good" >"$CA/ledger.jsonl"
code 1 ledger --ca "$CA" --verify
code 3 sign --ca "$CA" --user a@example.com --role web "$K"
warns 'lost lines'
cp "$LAB/ledger.good" "$CA/ledger.jsonl"
code 0 ledger --ca "$CA" --verify
# Written anew from the first line to the last, with a good chain: a head that was noted tells.
cp -r "$CA" "$LAB/forged"
rm "$LAB/forged/ledger.jsonl" "$LAB/forged/serial"
cp "$LAB/locked/ledger.jsonl" "$LAB/locked/serial" "$LAB/forged/"
code 0 ledger --ca "$LAB/forged" --verify
code 1 ledger --ca "$LAB/forged" --verify --head "$head"
echo broken >"$CA/serial"
code 3 sign --ca "$CA" --user a@example.com --role web "$K"
warns '--repair'
code 0 ledger --ca "$CA" --repair
code 0 sign -q --ca "$CA" --user a@example.com --role web "$K"

story "rotated: both trusted, the new one signs, the old one gone; and back"
issue frank web
code 1 rotate --ca "$CA" user switch
warns 'no rotation has been started'
code 0 rotate --ca "$CA" --no-passphrase user start
grep -c '^  ssh-ed25519' "$LAB/out" | grep -qx 2 || fail "it does not print both keys"
cat "$CA/user_ca.pub" "$CA/user_ca.next.pub" >/etc/countersign/user_ca.pub
issue grace web
as grace deploy -- true
exits 0
code 1 rotate --ca "$CA" --no-passphrase user start
code 0 rotate --ca "$CA" user back
[ -e "$CA/user_ca.next" ] && fail "the next key is still there"
code 0 rotate --ca "$CA" --no-passphrase user start
cat "$CA/user_ca.pub" "$CA/user_ca.next.pub" >/etc/countersign/user_ca.pub
code 0 rotate --ca "$CA" user switch
issue heidi web
[ "$(countersign inspect --json "$LAB/keys/heidi-cert.pub" | jq -r .ca_fingerprint)" = "$(ssh-keygen -l -f "$CA/user_ca.next.pub" | cut -d ' ' -f 2)" ] || fail "the old key signed"
for name in frank heidi; do
  as "$name" deploy -- true
  exits 0
done
code 0 rotate --ca "$CA" user back
issue ivan web
[ "$(countersign inspect --json "$LAB/keys/ivan-cert.pub" | jq -r .ca_fingerprint)" = "$(ssh-keygen -l -f "$CA/user_ca.pub" | cut -d ' ' -f 2)" ] || fail "the next key signed"
code 0 rotate --ca "$CA" user switch
code 1 rotate --ca "$CA" user finish
warns 'valid until'
new=$(cut -d ' ' -f 2 "$CA/user_ca.next.pub")
code 0 rotate --ca "$CA" --force user finish
[ "$(cut -d ' ' -f 2 "$CA/user_ca.pub")" = "$new" ] || fail "the new key is not there"
[ "$(ssh-keygen -y -f "$CA/user_ca" | cut -d ' ' -f 2)" = "$new" ] || fail "the old private key is still there"
cp "$CA/user_ca.pub" /etc/countersign/user_ca.pub
issue judy web
as judy deploy -- true
exits 0
as frank deploy -- true
refused
# The list still speaks of what the old key signed.
code 0 revoke -q --ca "$CA" --key "$LAB/keys/frank-cert.pub"
code 0 krl -q --ca "$CA" -o "$LAB/krl"
ssh-keygen -Q -f "$LAB/krl" "$LAB/keys/frank-cert.pub" >/dev/null && fail "a certificate of the old key is not revoked"
event '.event=="ca.rotate" and .step=="finish" and .key=="user_ca"'
code 0 rotate --ca "$CA" host status
code 0 rotate --ca "$CA" --json host status
jq -e '.phase=="none" and (.trusted | length)==1' "$LAB/out" >/dev/null || fail "status as JSON"
code 1 needs-renewal --json "$LAB/keys/judy-cert.pub"
jq -e '.answer=="still good" and .valid_until != null' "$LAB/out" >/dev/null || fail "needs-renewal as JSON"
code 0 ledger --ca "$CA" --verify

story "killed in the middle of the last step: said again, it finishes"
for point in 1 2 3 4 5 6; do
  rm -rf "$LAB/rot"
  countersign init -q --no-passphrase "$LAB/rot"
  countersign rotate --ca "$LAB/rot" --no-passphrase user start >/dev/null
  countersign rotate --ca "$LAB/rot" user switch >/dev/null
  next=$(cut -d ' ' -f 2 "$LAB/rot/user_ca.next.pub")
  # The n-th rename is its last act.
  { strace -f -o /dev/null -e trace=rename,renameat2 -e inject=rename,renameat2:signal=KILL:when=$point \
    countersign rotate --ca "$LAB/rot" user finish; } >/dev/null 2>&1
  countersign sign -q --ca "$LAB/rot" --user x@example.com --role web "$K" || fail "after a kill at $point nothing can be issued"
  [ "$(countersign inspect --json "$LAB/keys/k-cert.pub" | jq -r .ca_fingerprint)" = "$(echo "ssh-ed25519 $next" | ssh-keygen -l -f - | cut -d ' ' -f 2)" ] || fail "after a kill at $point the old key signs"
  [ -e "$LAB/rot/rotation" ] && [ -s "$LAB/rot/rotation" ] && { countersign rotate --ca "$LAB/rot" --force user finish >/dev/null || fail "finish again after $point"; }
  [ "$(cut -d ' ' -f 2 "$LAB/rot/user_ca.pub") $(ls "$LAB/rot/retired" | wc -l)" = "$next 1" ] || fail "after a kill at $point"
done

story "a clock that was never set issues nothing"
runs faketime '1999-01-01 00:00:00' countersign sign --ca "$CA" --user a@example.com --role web "$K"
exits 3
warns 'before 2020'

story "both shells complete verbs, options and profiles"
# complete_bash WORD...: what bash offers for the last of these words
complete_bash() {
  bash -c '. /usr/share/bash-completion/completions/countersign
    COMP_WORDS=(countersign "$@"); COMP_CWORD=$#; _countersign; echo "${COMPREPLY[@]}"' bash "$@"
}
[ "$(complete_bash re)" = 'renew revoke' ] || fail "verbs: $(complete_bash re)"
[ "$(complete_bash sign --us)" = '--user' ] || fail "options: $(complete_bash sign --us)"
[ "$(complete_bash sign --ca "$CA" --profile p)" = 'person' ] || fail "profiles"
[ "$(complete_bash sign -O permit-p)" = 'permit-pty permit-port-forwarding' ] || fail "words of -O"
zsh -n /usr/share/zsh/vendor-completions/_countersign || fail "zsh's completion is no zsh"
zsh -fc 'autoload -U compinit && compinit -u -d '"$LAB"'/zcompdump && echo $_comps[countersign]' 2>/dev/null | grep -qx _countersign || fail "zsh does not find it"
