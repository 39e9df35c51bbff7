# Policy and KRL reach the host, signed, or the host stays as it was.
# shellcheck shell=bash

V=/var/lib/countersign
SOURCE=$LAB/source
mkdir -p "$SOURCE"
chmod 755 "$LAB" "$SOURCE"
issue alice web
issue mallory web

# release VERSION [EXTRA]: a signed release in the source, EXTRA being members
release() {
  cat >"$SOURCE/policy.json" <<END
{ "version": $1, ${2-} "roles": {
    "web": { "allow": { "logins": ["deploy", "{{user.local}}"], "node_labels": { "tier": ["web*"] } } } } }
END
  countersign policy sign -q --ca "$LAB/ca" "$SOURCE/policy.json" || fail "the policy is not signed"
}

# list: a signed KRL in the source
list() {
  countersign krl -q --ca "$LAB/ca" -o "$SOURCE/krl" "$@" || fail "no KRL"
}

# signed KEY NAMESPACE FILE: FILE.sig by ssh-keygen, whatever is in FILE
signed() {
  rm -f "$3.sig"
  ssh-keygen -q -Y sign -f "$1" -n "$2" "$3" 2>/dev/null || lab_die "no signature"
}

# refresh: once, by hand
refresh() { runs countersign-node refresh "$@"; }

version() { jq .version $V/policy.json; }
# state: everything of the host's that a bad release must not change
state() { sha256sum $V/policy.json $V/policy.json.sig $V/policy.bin $V/krl $V/krl.sig 2>/dev/null; }

# unchanged WORDS: the refresh fails, says WORDS, and the host is as it was
unchanged() {
  local before
  before=$(state)
  refresh
  exits 1
  warns "$1"
  [ "$(state)" = "$before" ] || fail "the host has changed"
  as alice deploy -- true
  exits 0
}

node_conf() {
  printf 'ServerHostname web1\nLabel env=prod\nLabel tier=web1\n' >/etc/countersign/node.conf
  printf '%s\n' "$@" >>/etc/countersign/node.conf
}

story "from a folder, the first time: verified, compiled, in force, an event"
install -m 644 "$LAB/ca/policy_key.pub" /etc/countersign/policy_key.pub
node_conf "PolicySource $SOURCE"
release 10
list
refresh
exits 0
says 'up to date: version 10'
[ "$(version)" = 10 ] || fail "not in force"
[ "$(stat -c '%a %U:%G' $V/policy.json $V/policy.bin | sort -u)" = '640 root:_countersign' ] || fail "modes"
event '.event=="policy.update" and .code=="CS030I" and .version==10 and .previous==1'
as alice deploy -- true
exits 0

story "it is the compiled policy that is asked, and nothing of the JSON is read"
strace -f -o "$LAB/trace" setpriv --reuid=_countersign --regid=_countersign --init-groups \
  /usr/libexec/countersign/principals deploy "$(cut -d ' ' -f 2 "$LAB/keys/alice-cert.pub")" >"$LAB/out"
grep -q 'policy.bin' "$LAB/trace" || fail "policy.bin is not read"
grep -q 'open.*policy.json' "$LAB/trace" && fail "policy.json is read"
grep -q 'role:web' "$LAB/out" || fail "no line"

story "again: nothing new, no event; also by the file's name"
fresh
node_conf "PolicySource $SOURCE/policy.json"
refresh
exits 0
no_event '.event=="policy.update"'

story "a lock reaches the host within one refresh, and its end as well"
as mallory deploy -- true
exits 0
release 11 '"locks": [ { "name": "inc-7", "target": { "user": "mallory@example.com" }, "reason": "stolen laptop" } ],'
refresh
exits 0
event '.event=="lock.created" and .name=="inc-7" and .target.user=="mallory@example.com" and .reason=="stolen laptop"'
as mallory deploy -- true
refused
event '.event=="auth" and .reason=="locked" and .user=="mallory@example.com" and (.error|test("inc-7.*stolen laptop"))'
as alice deploy -- true
exits 0
release 12
refresh
event '.event=="lock.deleted" and .name=="inc-7"'
as mallory deploy -- true
exits 0

story "a revocation reaches the host within one refresh"
countersign revoke -q --ca "$LAB/ca" --user mallory@example.com --reason 'left'
sleep 1
list
refresh
exits 0
fresh
as mallory deploy -- true
refused
event '.event=="auth" and .reason=="revoked"'

story "an older policy is refused, and so is another one of the same version"
cp "$SOURCE/policy.json" "$LAB/v12"
cp "$SOURCE/policy.json.sig" "$LAB/v12.sig"
release 13
refresh
exits 0
cp "$LAB/v12" "$SOURCE/policy.json"
cp "$LAB/v12.sig" "$SOURCE/policy.json.sig"
fresh
unchanged 'version 12 is older than 13'
event '.event=="policy.update" and .code=="CS030E" and (.error|test("older than 13"))'
story "and that is said once"
fresh
refresh
exits 1
no_event '.event=="policy.update"'
rm "$LAB/ca/policy.signed"
release 13 '"locks": [],'
unchanged 'another policy with version 13'

story "it comes back: that is said, too"
fresh
rm "$LAB/ca/policy.signed"
release 14
refresh
exits 0
event '.event=="policy.update" and .code=="CS030I" and .version==14'

story "an older KRL"
cp "$SOURCE/krl" "$LAB/krl.now"
cp "$SOURCE/krl.sig" "$LAB/krl.now.sig"
list -z 5
unchanged 'krl: version 5 is older than'

story "a KRL that is damaged, although it is signed"
head -c 60 "$LAB/krl.now" >"$SOURCE/krl"
signed "$LAB/ca/policy_key" krl@countersign "$SOURCE/krl"
unchanged 'krl: damaged'
cp "$LAB/krl.now" "$SOURCE/krl"
cp "$LAB/krl.now.sig" "$SOURCE/krl.sig"

story "a policy of another key"
ssh-keygen -q -t ed25519 -N '' -f "$LAB/other"
release 15
cp "$SOURCE/policy.json" "$LAB/v15"
cp "$SOURCE/policy.json.sig" "$LAB/v15.sig"
signed "$LAB/other" policy@countersign "$SOURCE/policy.json"
unchanged 'signed by a key that is not trusted here'
story "a signature for something else"
signed "$LAB/ca/policy_key" file "$SOURCE/policy.json"
unchanged 'signed for something else'
story "no signature, an empty one, half of one"
rm "$SOURCE/policy.json.sig"
unchanged 'No such file'
: >"$SOURCE/policy.json.sig"
unchanged 'not a signature'
head -c 100 "$LAB/v15.sig" >"$SOURCE/policy.json.sig"
unchanged 'not a signature'
cp "$LAB/v15.sig" "$SOURCE/policy.json.sig"
story "a flipped bit, a cut end"
sed 's/web\*/web?/' "$LAB/v15" >"$SOURCE/policy.json"
unchanged 'does not fit'
head -c 100 "$LAB/v15" >"$SOURCE/policy.json"
unchanged 'does not fit'
story "a policy that a host would not understand, although it is signed"
echo '{ "version": 16, "roles": { "web": { "alow": {} } } }' >"$SOURCE/policy.json"
signed "$LAB/ca/policy_key" policy@countersign "$SOURCE/policy.json"
unchanged 'policy.json:1:38: roles.web.alow: unknown key'
story "one that has expired"
echo '{ "version": 16, "expires": "2020-01-01T00:00:00Z", "roles": { "web": {} } }' >"$SOURCE/policy.json"
signed "$LAB/ca/policy_key" policy@countersign "$SOURCE/policy.json"
unchanged 'has expired at 2020'
story "one that is too large"
head -c 17000000 /dev/zero | tr '\0' ' ' >"$SOURCE/policy.json"
unchanged 'larger than it may be'
story "a pipe in the place of a file"
rm "$SOURCE/policy.json"
mkfifo "$SOURCE/policy.json"
unchanged 'not a file'
rm "$SOURCE/policy.json"

story "an older one also where what is in force has been taken away"
cp -a $V "$LAB/v.kept"
rm $V/policy.json $V/policy.bin $V/krl
cp "$LAB/v12" "$SOURCE/policy.json"
cp "$LAB/v12.sig" "$SOURCE/policy.json.sig"
refresh
exits 1
warns 'version 12 is older than 14, which was in force'
cp -a "$LAB"/v.kept/policy.* "$LAB"/v.kept/krl $V/

story "links in the folder that fetch owns: root follows none"
cp "$LAB/v15" "$SOURCE/policy.json"
mkdir -p "$LAB/links"
ln -s /proc/kmsg "$LAB/links/policy.json"
runs /usr/libexec/countersign/install-policy "$LAB/links"
exits 1
warns 'a symbolic link'
ln -s "$SOURCE" "$LAB/link"
runs /usr/libexec/countersign/install-policy "$LAB/link"
exits 1

story "a policy that root edits while it is compiled: what is written is what counts"
cat >"$LAB/edit.sh" <<END
sed 's/"deploy", //' $V/policy.json >$V/edited
chgrp _countersign $V/edited
chmod 640 $V/edited
mv $V/edited $V/policy.json
END
cp "$LAB/v.kept/policy.json" $V/policy.json
chgrp _countersign $V/policy.json
rm -f $V/policy.bin
strace -f -qq -o /dev/null -e inject=openat:delay_exit=40000 /usr/libexec/countersign/install-policy --compile 2>/dev/null &
pid=$!
for i in 1 2 3 4 5 6 7 8; do
  sleep 0.1
  bash "$LAB/edit.sh"
done
wait $pid
as alice deploy -- true
refused
runs countersign-node refresh
as alice deploy -- true
refused
as alice alice -- true
exits 0
cp -a "$LAB"/v.kept/policy.* $V/

story "several sources: the first good one"
cp "$LAB/v15" "$SOURCE/policy.json"
mkdir "$LAB/bad"
cp "$SOURCE"/* "$LAB/bad"
echo ' ' >>"$LAB/bad/policy.json"
node_conf "PolicySource $LAB/missing" "PolicySource $LAB/bad" "PolicySource $SOURCE"
cp "$LAB/v15.sig" "$SOURCE/policy.json.sig"
refresh
exits 0
[ "$(version)" = 15 ] || fail "version $(version)"

story "no policy key on the host: nothing is believed"
mv /etc/countersign/policy_key.pub "$LAB/away"
release 17
unchanged 'policy_key.pub'
: >/etc/countersign/policy_key.pub
unchanged 'there is no key in'
mv "$LAB/away" /etc/countersign/policy_key.pub

# ---- HTTPS ----------------------------------------------------------------

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout "$LAB/tls.key" -out "$LAB/tls.crt" 2>/dev/null || lab_die "no TLS key"
chmod 644 "$LAB/tls.crt"
python3 "$here/source.py" 8443 "$SOURCE" "$LAB/tls.crt" "$LAB/tls.key" "$LAB/requests" &
wait_until "the source listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/8443' 2>/dev/null
grep -q localhost /etc/hosts || echo '127.0.0.1 localhost' >>/etc/hosts
mood() { echo "$1" >"$SOURCE/.mood"; }

story "by HTTPS"
node_conf "PolicySource https://localhost:8443/fleet/" "PolicySourceCA $LAB/tls.crt"
release 20
refresh
exits 0
[ "$(version)" = 20 ] || fail "version $(version)"
story "and the second time nothing is sent again"
: >"$LAB/requests"
refresh
exits 0
[ "$(grep -c ' 304$' "$LAB/requests")" = 4 ] || fail "requests: $(cat "$LAB/requests")"
story "only what has changed"
release 21
: >"$LAB/requests"
refresh
exits 0
[ "$(version)" = 21 ] || fail "version $(version)"
[ "$(sort "$LAB/requests" | tr '\n' ' ')" = '/fleet/krl 304 /fleet/krl.sig 304 /fleet/policy.json 200 /fleet/policy.json.sig 200 ' ] || fail "requests: $(cat "$LAB/requests")"

story "a server that nobody vouches for"
release 22
node_conf "PolicySource https://localhost:8443/fleet/"
unchanged 'certificate'
node_conf "PolicySource https://127.0.0.1:8443/fleet/" "PolicySourceCA $LAB/tls.crt"
unchanged 'certificate'
node_conf "PolicySource https://localhost:8443/fleet/" "PolicySourceCA $LAB/tls.crt"
story "redirects, errors, half an answer"
mood redirect
unchanged 'redirects (HTTP 302), which is not followed'
mood error
unchanged 'HTTP 503'
mood short
unchanged 'policy.json: '
story "10 GB"
mood huge
unchanged 'larger than it may be'
story "one byte a second: given up after a quarter of a minute"
mood trickle
unchanged 'took too long, or came too slowly'
rm "$SOURCE/.mood"

story "a source that failed is left alone by scheduled runs, for a while"
mood error
refresh
: >"$LAB/requests"
refresh --scheduled
exits 0
[ -s "$LAB/requests" ] && fail "it was asked again"
rm "$SOURCE/.mood"
refresh
exits 0
[ "$(version)" = 22 ] || fail "version $(version)"

story "http, and a password in the URL that is not to be seen"
node_conf "PolicySource http://localhost:8443/fleet/"
runs countersign-node refresh
exits 1
warns 'https:// URL or an absolute path'
node_conf "PolicySource https://me:secret@localhost:1/fleet/"
runs countersign-node refresh
exits 1
warns '\.\.\.@localhost'
grep -q secret "$LAB/err" && fail "the password is shown"
node_conf "PolicySource $SOURCE"

# ---- what can happen in between --------------------------------------------

story "two at once: one of them does it"
release 30
countersign-node refresh -q 2>"$LAB/err1" &
one=$!
countersign-node refresh -q 2>"$LAB/err2" &
two=$!
wait $one
wait $two
[ "$(version)" = 30 ] || fail "version $(version)"
refresh
exits 0

story "nobody else can keep it waiting"
setpriv --reuid=alice --regid=alice --clear-groups flock $V sleep 30 &
held=$!
sleep 0.3
runs timeout 10 /usr/libexec/countersign/install-policy "$SOURCE"
exits 0
kill $held

story "killed in the middle, at each system call that changes something: old or new, and whole"
release 31
cp $V/policy.json "$LAB/policy.30"
cp -a $V "$LAB/v"
killed=0
for call in openat write fchmod fchown fsync rename unlinkat; do
  for n in 1 2 3 4 5 6 8 10 12 14 16 18 20; do
    rm -rf "${V:?}"/policy* "${V:?}"/krl*
    cp -a "$LAB"/v/policy* "$LAB"/v/krl* $V/
    { strace -f -qq -o /dev/null -e inject=$call:signal=KILL:when=$n \
      /usr/libexec/countersign/install-policy "$SOURCE"; } >/dev/null 2>&1 && break
    killed=$((killed + 1))
    cmp -s $V/policy.json "$LAB/policy.30" || cmp -s $V/policy.json "$SOURCE/policy.json" || fail "half a policy after $call $n"
    as alice deploy -- true
    exits 0
    runs /usr/libexec/countersign/install-policy "$SOURCE"
    exits 0
    [ "$(version)" = 31 ] || fail "version $(version)"
    [ "$(find $V -maxdepth 1 -regextype posix-extended -regex '.*\.[0-9a-f]{8}' | wc -l)" = 0 ] || fail "left behind: $(ls $V)"
  done
done
[ $killed -gt 20 ] || fail "only $killed kills"
echo "  ($killed kills)"
refresh
exits 0

story "a compiled file that is damaged or half written: the policy itself is asked"
as alice deploy -- true
exits 0
cp $V/policy.bin "$LAB/bin"
for bytes in 0 10 100 200; do
  head -c $bytes "$LAB/bin" >$V/policy.bin
  as alice deploy -- true
  exits 0
done
size=$(stat -c %s "$LAB/bin")
for ((at = 0; at < size; at += 7)); do
  python3 - "$LAB/bin" $V/policy.bin $at <<'END'
import sys
b = bytearray(open(sys.argv[1], "rb").read()); b[int(sys.argv[3])] ^= 64
open(sys.argv[2], "r+b").write(b)
END
  [ "$(setpriv --reuid=_countersign --regid=_countersign --init-groups /usr/libexec/countersign/principals \
    deploy "$(cut -d ' ' -f 2 "$LAB/keys/alice-cert.pub")" | cut -d , -f 1)" = restrict ] || fail "a flipped bit at $at"
done
story "or another's"
cp "$LAB/bin" $V/policy.bin
chown alice $V/policy.bin
as alice deploy -- true
exits 0
story "or of other labels: a changed node.conf counts at once"
rm $V/policy.bin
refresh
printf 'ServerHostname web1\nLabel tier=db1\nPolicySource %s\n' "$SOURCE" >/etc/countersign/node.conf
fresh
as alice deploy -- true
refused
event '.event=="auth" and .reason=="label_mismatch"'
node_conf "PolicySource $SOURCE"
as alice deploy -- true
exits 0

story "the disk is full"
release 32
mkdir "$LAB/small"
mount -t tmpfs -o size=64k,mode=755 tmpfs "$LAB/small"
cp -a $V/. "$LAB/small"
mount --bind "$LAB/small" $V
install -d -o _countersign-fetch -g _countersign-fetch -m 750 $V/incoming
head -c 60000 /dev/zero >$V/filler 2>/dev/null
before=$(sha256sum $V/policy.json $V/krl)
refresh
exits 1
warns 'No space left'
[ "$(sha256sum $V/policy.json $V/krl)" = "$before" ] || fail "the host has changed"
as alice deploy -- true
exits 0
umount $V
refresh
exits 0
[ "$(version)" = 32 ] || fail "version $(version)"

# ---- the source is down for a week ------------------------------------------

story "the policy expires and nobody can say more: refused, by default, and said once"
release 40 "\"expires\": \"$(date -u -d '+3 seconds' +%FT%TZ)\","
refresh
exits 0
as alice deploy -- true
exits 0
node_conf "PolicySource $LAB/missing"
sleep 3
fresh
refresh
event '.event=="policy.update" and .code=="CS030E" and (.error|test("has expired.*nobody logs in"))'
as alice deploy -- true
refused
event '.event=="auth" and .reason=="policy_expired"'
[ "$(count_events '.event=="policy.update" and (.error//""|test("has expired"))')" = 1 ] || fail "said more than once"
refresh
[ "$(count_events '.event=="policy.update" and (.error//""|test("has expired"))')" = 1 ] || fail "said again"

story "StalePolicy grace: in force that much longer, and each connection says so"
node_conf "PolicySource $LAB/missing" 'StalePolicy grace 7d'
fresh
as alice deploy -- true
exits 0
event '.event=="policy.update" and .code=="CS030W" and .version==40 and (.error|test("grace"))'
story "and not a second longer"
node_conf "PolicySource $LAB/missing" 'StalePolicy grace 1s'
as alice deploy -- true
refused

story "the source is back"
release 41
node_conf "PolicySource $SOURCE"
refresh
exits 0
as alice deploy -- true
exits 0

story "nothing of it runs as root with a network, or as fetch with rights"
strace -f -e trace=execve,unshare,setuid,connect -o "$LAB/trace" countersign-node refresh -q
grep -q 'unshare(CLONE_NEWNET) *= 0' "$LAB/trace" || fail "install-policy has a network"
grep -q "setuid($(id -u _countersign-fetch))" "$LAB/trace" || fail "fetch keeps its rights"
