# Identities that a user makes up: sshd lets them in where an admin has opened
# authorized_keys again; the PAM module does not.
# shellcheck shell=bash

# An admin's line before ours, as the drop-in warns of.
sed -i '1iAuthorizedKeysFile .ssh/authorized_keys' /etc/ssh/sshd_config
kill "$SSHD"
wait "$SSHD" 2>/dev/null
lab_sshd

keys_of() {
  mkdir -p "/home/$1/.ssh"
  cat >"/home/$1/.ssh/authorized_keys"
  chown -R "$1" "/home/$1/.ssh"
}

story "Mallory's own CA says that he is Alice"
ssh-keygen -q -t ed25519 -N '' -f "$LAB/mallory_ca"
{
  printf 'cert-authority '
  cat "$LAB/mallory_ca.pub"
} | keys_of mallory
by_keygen forged "$LAB/mallory_ca" -I alice@example.com -n mallory -V +1h
as forged mallory -- 'echo inside'
exits 255
says ''
event '.event=="session.rejected" and .emitter=="pam" and .reason=="ca_not_trusted" and .login=="mallory"'

story "and he gets no forwarding out of it either"
runs timeout 5 ssh -F "$LAB/ssh_config" -i "$LAB/keys/forged" -N -l mallory web1
exits 255
no_event '.event=="connection.start"'

story "a plain key of his own"
fresh
keys_of mallory <"$LAB/keys/key.pub"
cp "$LAB/keys/key" "$LAB/keys/plain"
as plain mallory -- 'echo inside'
exits 255
says ''
event '.event=="session.rejected" and .reason=="no_certificate" and .login=="mallory"'

story "a certificate of ours whose role is not for this host, let in by his own line"
{
  printf 'cert-authority,principals="role:db" '
  cat "$LAB/ca/user_ca.pub"
} | keys_of deploy
issue bob db
as bob deploy -- 'echo inside'
says ''
event '.event=="session.rejected" and .reason=="label_mismatch"'

story "the break-glass group gets in with a key, and loudly"
fresh
groupadd breakglass
account rescue /bin/bash
usermod -aG breakglass rescue
echo 'BreakGlassGroup breakglass' >>/etc/countersign/node.conf
keys_of rescue <"$LAB/keys/key.pub"
as plain rescue -- 'echo inside'
says inside
event '.event=="connection.start" and .code=="CS010W" and .break_glass and .login=="rescue"'

story "and nobody else does"
keys_of mallory <"$LAB/keys/key.pub"
as plain mallory -- 'echo inside'
says ''
