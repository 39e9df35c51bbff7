# What a reviewer found, and what it must be now.
# shellcheck shell=bash

issue alice web
env_of() { cat >"/home/$1/.pam_environment"; }
# auth_info CERT: that line of ~/.pam_environment which names its holder
auth_info() {
  cut -d ' ' -f 1,2 "$1" | sed 's/@/\\@/; s/^/SSH_AUTH_INFO_0 DEFAULT="publickey /; s/$/"/'
}

story "A .pam_environment does not say who somebody is"
ssh-keygen -q -t ed25519 -N '' -f "$LAB/own_ca"
by_keygen ceo "$LAB/own_ca" -I ceo@example.com -n role:ops -V +1h
auth_info "$LAB/keys/ceo-cert.pub" | env_of deploy
as alice deploy -- 'echo in'
says in
event '.event=="connection.start" and .user=="alice@example.com" and .roles==["web"]'
no_event '.user=="ceo@example.com"'

story "also not with somebody's real certificate, and it does not free a forced command"
fresh
issue boss ops
issue forced web -- -O 'force-command=echo forced'
auth_info "$LAB/keys/boss-cert.pub" | env_of deploy
as forced deploy -- id
says forced
event '.event=="session.start" and .user=="forced@example.com"'
no_event '.user=="boss@example.com" and .event!="cert.create"'

story "nor does it put a command into a login shell"
fresh
echo 'SSH_ORIGINAL_COMMAND DEFAULT=id' | env_of deploy
printf 'exit 5\n' | timeout 20 ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -T deploy@web1 >"$LAB/out" 2>&1
STATUS=$?
exits 5
event '.event=="session.start" and .initial_command==[]'
rm /home/deploy/.pam_environment

story "the module after another that sets variables: refused, and it says what to do"
fresh
cp /etc/pam.d/sshd "$LAB/pam.good"
sed -i -e '/pam_countersign.so$/d' -e '/pam_env.so user_readenv=1/a session required pam_countersign.so' /etc/pam.d/sshd
echo 'LANG=C.UTF-8' >/etc/default/locale
as alice deploy -- 'echo in'
exits 255
says ''
event '.event=="session.rejected" and .reason=="internal" and (.error|test("before every module"))'

story "and where nothing else is set: a signature that is not the CA's is no certificate"
fresh
rm -f /etc/default/locale
: >/etc/environment
sed -i '/pam_motd/d' /etc/pam.d/sshd
python3 - "$LAB/keys/boss-cert.pub" >"$LAB/bent" <<'END'
import base64, sys
kind, blob = open(sys.argv[1]).read().split()[:2]
bent = bytearray(base64.b64decode(blob)); bent[-1] ^= 1
print(kind, base64.b64encode(bent).decode())
END
auth_info "$LAB/bent" | env_of deploy
as alice deploy -- 'echo in'
exits 255
says ''
event '.event=="session.rejected" and .reason=="bad_certificate"'
rm /home/deploy/.pam_environment

story "only the last line: refused; only the first: no session"
fresh
grep -v 'pam_countersign.so$' "$LAB/pam.good" >/etc/pam.d/sshd
as alice deploy -- 'echo in'
exits 255
event '.event=="session.rejected" and (.error|test("first pam_countersign line is missing"))'
grep -v 'pam_countersign.so environment' "$LAB/pam.good" >/etc/pam.d/sshd
as alice deploy -- 'echo in'
says ''
[ "$STATUS" -ne 0 ] || fail "a session"
no_event '.event=="session.start"'
cp "$LAB/pam.good" /etc/pam.d/sshd
as alice deploy -- 'echo in'
says in

story "the first line twice: refused, and it says so"
fresh
sed '/pam_countersign.so$/p' "$LAB/pam.good" >/etc/pam.d/sshd
as alice deploy -- 'echo in'
exits 255
event '.event=="session.rejected" and (.error|test("twice"))'
cp "$LAB/pam.good" /etc/pam.d/sshd

story "a command that only begins like sftp is a command"
fresh
as alice deploy -- '/usr/lib/openssh/sftp-server </dev/null >/dev/null; echo more'
says more
event '.event=="exec" and (.command|test("echo more"))'
no_event '.event=="subsystem"'

story "a certificate that forces internal-sftp is for sftp"
fresh
issue files web -- -O force-command=internal-sftp
printf 'ls\n' >"$LAB/batch"
runs sftp -F "$LAB/ssh_config" -i "$LAB/keys/files" -b "$LAB/batch" deploy@web1
exits 0
event '.event=="subsystem" and .name=="sftp"'
as files deploy -- 'echo in'
says ''

story "break-glass: loud, with the reason, and under nobody's name"
fresh
groupadd breakglass
account rescue /bin/bash
usermod -aG breakglass rescue
echo 'BreakGlassGroup breakglass' >>/etc/countersign/node.conf
sed -i '1iAuthorizedKeysFile .ssh/authorized_keys' /etc/ssh/sshd_config
sshd_reload
mkdir -p /home/rescue/.ssh
{
  printf 'cert-authority,principals="x" '
  cat "$LAB/own_ca.pub"
} >/home/rescue/.ssh/authorized_keys
chown -R rescue /home/rescue/.ssh
by_keygen ceo "$LAB/own_ca" -I ceo@example.com -n x -V +1h
as ceo rescue -- 'echo in'
says in
event '.event=="connection.start" and .code=="CS010W" and .reason=="ca_not_trusted" and (has("user")|not)'
by_keygen ceo "$LAB/own_ca" -I ceo@example.com -n x -V +1h -O force-command='echo forced'
as ceo rescue -- 'echo in'
says forced

story "another account's knocks are told with its uid, and use up nothing"
fresh
account other /bin/bash
cat >/usr/local/bin/knock <<'END'
#!/usr/bin/python3
import os, socket
path = "/run/countersign/conn/%s" % sorted(os.listdir("/run/countersign/conn"))[0]
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.settimeout(3); s.connect(path)
try:
    s.recv(65536)
except ConnectionResetError:
    pass
END
chmod 755 /usr/local/bin/knock
ssh_stays alice deploy -- 'while [ ! -e go ]; do sleep 0.1; done; knock'
event '.event=="session.start"'
for _ in $(seq 20); do setpriv --reuid=other --regid=other --clear-groups knock; done
touch /home/deploy/go
wait "$CLIENT"
uid=$(id -u deploy)
event ".event==\"session.rejected\" and .peer_uid==$uid"
event '.event=="connection.end" and .rejected==21'

story "a key's comment cannot speak in our name"
printf '%s c","serial":999,"x":"\033[2J\n' "$(cut -d ' ' -f 1,2 "$LAB/keys/key.pub")" >"$LAB/keys/evil.pub"
countersign sign --json --ca "$LAB/ca" --user e@example.com --role web "$LAB/keys/evil.pub" >"$LAB/out" || fail "sign"
jq -e '.serial != 999' "$LAB/out" >/dev/null || fail "the comment was believed"
grep -q $'\x1b' "$LAB/keys/evil-cert.pub" && fail "an escape in the certificate's file"

story "events of the helper that nobody would believe are counted as lost"
fresh
mv /run/countersign/input/log /run/countersign/input/away
as alice root -- id
refused
[ "$(cat /run/countersign/lost/principals)" -ge 1 ] || fail "lost in silence"
mv /run/countersign/input/away /run/countersign/input/log
as alice root -- id
refused
event '.event=="audit.gap" and .emitter=="principals"'

story "break-glass exactly as README.md says: without keeper, policy, CA, KRL"
sed -i '1d' /etc/ssh/sshd_config
account keeper-of-keys /bin/bash
sed -n '/^\*\*When everything/,/^first in/p' "$root/README.md" | grep '^    ' | sed 's/^    //; s/NAME.pub/\/var\/tmp\/name.pub/; s/NAME/keeper-of-keys/g; s/^groupadd breakglass/groupadd -f breakglass/' >"$LAB/glass"
[ -s "$LAB/glass" ] || fail "README.md does not say how"
cp "$LAB/keys/key.pub" /var/tmp/name.pub
bash -eu "$LAB/glass" >"$LAB/out" 2>"$LAB/err" || fail "the README's lines fail"
sed -n '/^    Match Group breakglass/,/^$/p' "$root/README.md" >>/etc/ssh/sshd_config
kill "$SSHD" "$KEEPER"
wait "$SSHD" "$KEEPER" 2>/dev/null
mv /var/lib/countersign /var/lib/countersign.away
mv /etc/countersign/user_ca.pub /etc/countersign/away
lab_sshd
cp "$LAB/keys/key" "$LAB/keys/plain"
as plain keeper-of-keys -- 'echo in'
says in
event '.event=="connection.start" and .code=="CS010W" and .login=="keeper-of-keys" and .emitter=="pam"'
as alice deploy -- 'echo in'
says ''
: >$EVENTS
