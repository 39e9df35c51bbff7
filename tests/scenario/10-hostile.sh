# Hostile bytes in commands, names and certificates.
# shellcheck shell=bash

issue alice web

story "a command of nearly 128 KiB runs, and its event is bounded"
long=$(head -c 130900 /dev/zero | tr '\0' x)
as alice deploy -- "echo ${long} | wc -c"
exits 0
says 130901
event '.event=="session.start" and (.truncated==["initial_command"])'
event '.event=="exec" and (.truncated==["command"]) and (.command|length)>3000'

story "newlines, quotes, escapes and bytes that are no text"
as alice deploy -- $'printf "%s\\n" "a\nb" \'c"d\' ; printf "\\033[31m\\377\\001"'
exits 0
event '.event=="exec" and (.command|test("a\nb"))'
as alice deploy -- $'echo \xff\xfe\x1b[2J\xe2\x80\xae'
exits 0
event '.event=="exec" and (.command|contains("\u001b[2J")) and (.command|contains("\ufffd"))'
grep -q $'\x1b' $EVENTS && fail "a terminal escape is in the log"
grep -q $'\xe2\x80\xae' $EVENTS && fail "a bidi override is in the log"

story "login names with odd bytes"
for login in '-oProxyCommand=x' 'a b' $'new\nline' '../../etc/passwd' $'\xff\xfe' 'a"b#c' "$(head -c 3000 /dev/zero | tr '\0' n)"; do
  runs ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -o "User=$login" web1 id
  [ "$STATUS" -ne 0 ] || fail "let in as '$login'"
done

story "principals itself, as sshd runs it, with anything for a certificate"
cert=$(cut -d ' ' -f 2 "$LAB/keys/alice-cert.pub")
ask() {
  timeout 5 setpriv --reuid=_countersign --regid=_countersign --init-groups \
    /usr/libexec/countersign/principals "$@" >"$LAB/out" 2>"$LAB/err" </dev/null
  STATUS=$?
}
ask deploy "$cert"
exits 0
grep -qx 'restrict,pty,agent-forwarding,port-forwarding,expiry-time="[0-9]*Z" role:web' "$LAB/out" || fail "another line"
for bad in '' '!' 'AAAA' "${cert:0:200}" "${cert}AAAA" "$(head -c 120000 /dev/zero | tr '\0' A)" "$(base64 -w0 "$LAB/keys/key.pub")" "$(cut -d ' ' -f 2 "$LAB/keys/key.pub")"; do
  ask deploy "$bad"
  exits 0
  says ''
  event '.event=="auth" and .emitter=="principals" and .reason=="bad_certificate"'
  fresh
done
for login in '' ' ' '-x' 'deploy ' $'deploy\n' 'de"ploy' 'deploy#' '*'; do
  ask "$login" "$cert"
  exits 0
  says ''
  event '.event=="auth" and .reason=="bad_login"'
  fresh
done
ask deploy
exits 2
ask
exits 2

story "a certificate whose type is damaged, by one bit"
python3 - "$cert" >"$LAB/flipped" <<'END'
import base64, random, sys
blob = bytearray(base64.b64decode(sys.argv[1])); random.seed(1)
for _ in range(60):
    other = bytearray(blob); i = random.randrange(0, 32); other[i] ^= 1 << random.randrange(8)
    print(base64.b64encode(other).decode())
END
while read -r flipped; do
  ask deploy "$flipped"
  exits 0
  says ''
done <"$LAB/flipped"

story "a disk that answers late: it ends itself, printing nothing"
# strace holds one of its calls for longer than the two seconds it has.
timeout 30 setpriv --reuid=_countersign --regid=_countersign --init-groups \
  strace -o /dev/null -e inject=openat:delay_enter=3000000:when=6 \
  /usr/libexec/countersign/principals deploy "$cert" >"$LAB/out" 2>"$LAB/err" </dev/null
STATUS=$?
exits 1
says ''

story "a sshd that closes the pipe does not kill it"
timeout 5 bash -c "setpriv --reuid=_countersign --regid=_countersign --init-groups /usr/libexec/countersign/principals deploy $cert; echo \$? >$LAB/status" | true
[ "$(cat "$LAB/status")" = 0 ] || fail "status $(cat "$LAB/status") after a closed pipe"
