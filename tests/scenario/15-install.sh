# What is installed where, and that it can be taken off again.
# shellcheck shell=bash

has() { [ "$(stat -c '%a %U:%G' "$1" 2>&1)" = "$2" ] || fail "$1: $(stat -c '%a %U:%G' "$1"), not $2"; }

story "owners and modes"
has /usr/bin/countersign '755 root:root'
has /usr/libexec/countersign '755 root:root'
has /usr/libexec/countersign/principals '755 root:root'
has /usr/libexec/countersign/keeper '755 root:root'
has /usr/libexec/countersign/sshd-events '755 root:root'
has /usr/libexec/countersign/session '2711 root:_countersign-session'
has "$(ls -d /usr/lib/*/security)/pam_countersign.so" '644 root:root'
has /etc/ssh/sshd_config.d/00-countersign.conf '644 root:root'
has /var/lib/countersign/krl '644 root:root'
has /run/countersign/input '750 root:_countersign-log'
has /run/countersign/keeper.sock '600 root:root'

story "man pages"
for page in countersign.1 countersign-principals.8 countersign-session.8 countersign-keeper.8 countersign-sshd-events.8 pam_countersign.8 countersign-node.conf.5 countersign-policy.5; do
  [ -s "/usr/share/man/man${page##*.}/$page" ] || fail "no $page"
done

story "the drop-in is in force, whatever the user"
for login in root alice deploy; do
  sshd -T -C "user=$login,host=x,addr=192.0.2.1" >"$LAB/config" || fail "sshd -T"
  for line in 'authorizedprincipalscommand /usr/libexec/countersign/principals %u %k' 'forcecommand exec /usr/libexec/countersign/session' 'authorizedkeysfile none' 'permituserrc no' 'passwordauthentication no'; do
    grep -qx "$line" "$LAB/config" || fail "not in force for $login: $line"
  done
done

story "installing again changes nothing that is the host's"
issue alice web
as alice deploy -- true
exits 0
event '.event=="connection.end"'
has $EVENTS '640 root:adm'
sum=$(sha256sum /var/lib/countersign/krl /etc/countersign/user_ca.pub /etc/countersign/node.conf /var/lib/countersign/policy.json)
cmake --install "$BUILD" >/dev/null
[ "$sum" = "$(sha256sum /var/lib/countersign/krl /etc/countersign/user_ca.pub /etc/countersign/node.conf /var/lib/countersign/policy.json)" ] || fail "a file of the host's was changed"
has /usr/libexec/countersign/session '2711 root:_countersign-session'
as alice deploy -- true
exits 0

story "taken off as README.md says: a plain sshd again"
sed -n '/^<!-- remove -->$/,/^<!-- end -->$/p' "$root/README.md" | grep '^    ' | sed 's/^    //' >"$LAB/remove"
[ -s "$LAB/remove" ] || fail "README.md does not say how"
pkill -f libexec/countersign/keeper
grep -v systemctl "$LAB/remove" | bash -eu >"$LAB/out" 2>"$LAB/err" || fail "the README's lines fail"
kill "$SSHD"
wait "$SSHD" 2>/dev/null
lab_sshd
mkdir -p /home/alice/.ssh
cp "$LAB/keys/key.pub" /home/alice/.ssh/authorized_keys
chown -R alice /home/alice/.ssh
settled
rm -f "$LAB/keys/alice-cert.pub"
as alice alice -- 'echo plain; exit 3'
exits 3
says plain
find /etc /usr /var /run \( -name '*countersign*' -o -path '/usr/libexec/countersign*' \) -not -path '/var/log/*' >"$LAB/left" 2>/dev/null
[ -s "$LAB/left" ] && fail "left behind: $(head "$LAB/left")"
getent passwd _countersign && fail "the account is left"
getent group _countersign-log && fail "a group is left"
: >$EVENTS
