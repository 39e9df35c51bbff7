# The doctor finds what is wrong, each thing by its name, and says what mends it.
# shellcheck shell=bash

NODE=/etc/countersign/node.conf
V=/var/lib/countersign
DROP=/etc/ssh/sshd_config.d/00-countersign.conf
PROVOKED=$LAB/provoked
: >"$PROVOKED"

# check: what is found, by name, in $LAB/found
check() {
  runs countersign-node check --json
  jq -r .finding "$LAB/out" | sort -u >"$LAB/found"
}

# found NAME [WORDS]: it is found, with these words, and says why and what
# mends it
found() {
  check
  grep -qx "$1" "$LAB/found" || fail "not found: $1, but $(tr '\n' ' ' <"$LAB/found")"
  jq -e "select(.finding==\"$1\") | (.what|test(\"${2-.}\")) and (.why|length>10) and (.mend|length>5)" "$LAB/out" | grep -qx true ||
    fail "$1 does not say '${2-}': $(jq -c "select(.finding==\"$1\")" "$LAB/out")"
  case $(jq -r "select(.finding==\"$1\") | .level" "$LAB/out" | head -n 1) in
  error) exits 1 ;;
  esac
  echo "$1" >>"$PROVOKED"
}

# mended: the host is as good as it was. The doctor sees that sshd has not read
# what we change here all the time.
mended() {
  sshd_reload
  check
  diff "$LAB/good" "$LAB/found" >"$LAB/diff" || fail "not mended: $(cat "$LAB/diff")"
}

# with FILE COMMAND...: FILE is changed by the command, a finding is looked for,
# and it is put back
keep() { cp -a "$1" "$LAB/kept"; }
back() {
  rm -rf "$1"
  cp -a "$LAB/kept" "$1"
}

story "a host that is set up well: no errors, and what is only advice"
issue alice web
install -m 644 "$LAB/ca/policy_key.pub" /etc/countersign/policy_key.pub
mkdir "$LAB/source"
chmod 755 "$LAB" "$LAB/source"
cat >"$LAB/source/policy.json" <<END
{ "version": 5, "roles": {
    "web": { "allow": { "logins": ["deploy", "alice", "root"], "node_labels": { "*": ["*"] } } } } }
END
countersign policy sign -q --ca "$LAB/ca" "$LAB/source/policy.json"
countersign krl -q --ca "$LAB/ca" -o "$LAB/source/krl"
echo "PolicySource $LAB/source" >>$NODE
runs countersign-node refresh
exits 0
sshd_reload
check
grep -vx -e clock -e no_break_glass "$LAB/found" && fail "findings: $(cat "$LAB/out")"
grep -qx clock "$LAB/found" && echo clock >>"$PROVOKED"
exits 0
cp "$LAB/found" "$LAB/good"
echo no_break_glass >>"$PROVOKED"
story "in words, for people"
runs countersign-node check
exits 0
grep -q '^0 errors' "$LAB/out" || fail "no summary"
runs countersign-node check -q
exits 0

story "what sshd is told, for everybody and for one"
# sshd_says FINDING LINE...: the line stands before ours
sshd_says() {
  printf '%s\n' "${@:2}" >/etc/ssh/sshd_config.d/0-admin.conf
  found "$1"
  rm /etc/ssh/sshd_config.d/0-admin.conf
}
# Of this one, before OpenSSH 9.4, the last line counts (bz3574 as well).
echo 'AuthorizedPrincipalsCommand none' >/etc/ssh/sshd_config.d/99-admin.conf
found principals_hook
rm /etc/ssh/sshd_config.d/99-admin.conf
sshd_says principals_user 'AuthorizedPrincipalsCommandUser nobody'
sshd_says principals_file 'AuthorizedPrincipalsFile /etc/ssh/principals'
sshd_says user_ca 'TrustedUserCAKeys /etc/ssh/other_ca.pub'
sshd_says revoked_keys 'RevokedKeys none'
sshd_says authorized_keys 'AuthorizedKeysFile .ssh/authorized_keys'
sshd_says authentication_methods 'AuthenticationMethods any'
sshd_says passwords 'PasswordAuthentication yes'
sshd_says passwords 'KbdInteractiveAuthentication yes'
sshd_says other_logins 'HostbasedAuthentication yes'
sshd_says other_logins 'GSSAPIAuthentication yes'
sshd_says use_pam 'UsePAM no'
sshd_says force_command 'ForceCommand none'
sshd_says user_rc 'PermitUserRC yes'
sshd_says user_environment 'PermitUserEnvironment yes'
sshd_says set_env 'SetEnv TERM=xterm'
sshd_says accept_env 'AcceptEnv LANG LC_* SHELLOPTS'
sshd_says accept_env 'AcceptEnv *'
sshd_says socket_forwarding 'AllowStreamLocalForwarding yes'
sshd_says log_level 'LogLevel INFO'
sshd_says log_forwarding 'LogVerbose none'
sshd_says grace_time 'LoginGraceTime 0'
sshd_says sshd_config 'NoSuchKeyword yes'
# bz3574: the keys' command before ours makes 9.2 drop the principals' one.
sshd_says keys_command 'AuthorizedKeysCommand /usr/bin/true' 'AuthorizedKeysCommandUser nobody'
sshd_says principals_hook 'AuthorizedKeysCommand /usr/bin/true' 'AuthorizedKeysCommandUser nobody'
mended
story "a Match block that switches the wrapper off for one account"
cp $DROP "$LAB/drop"
sed -i 's/^ForceCommand .*//' $DROP
printf 'Match User deploy\n  ForceCommand none\nMatch all\n  ForceCommand exec /usr/libexec/countersign/session\n' >>/etc/ssh/sshd_config
found force_command "'deploy'"
grep -q "'alice'" <(jq -r 'select(.finding=="force_command") | .what' "$LAB/out") && fail "alice's is on"
head -n -4 /etc/ssh/sshd_config >"$LAB/c" && cat "$LAB/c" >/etc/ssh/sshd_config
cp "$LAB/drop" $DROP
story "a drop-in that nobody includes"
keep /etc/ssh/sshd_config
sed -i '/^Include/d' /etc/ssh/sshd_config
found force_command
back /etc/ssh/sshd_config
story "changed since sshd was started"
sshd_reload
check
grep -qx sshd_not_reloaded "$LAB/found" && fail "it has been reloaded"
touch -d '2020-01-01' $DROP
found sshd_not_reloaded
sshd_reload
rm -f /etc/ssh/sshd_config.d/gone.conf
touch /etc/ssh/sshd_config.d/gone.conf
rm /etc/ssh/sshd_config.d/gone.conf
found sshd_not_reloaded
mended
story "Match blocks, whoever they are about"
keep /etc/ssh/sshd_config
printf 'Match Address 192.0.2.0/24\n  ForceCommand none\n' >>/etc/ssh/sshd_config
found match_overrides 'sshd_config:[0-9]+: Match Address 192.0.2.0/24: ForceCommand none'
back /etc/ssh/sshd_config
printf 'Match User x,y LocalPort 2200\n  PasswordAuthentication=yes\n' >/etc/ssh/sshd_config.d/x.conf
found match_overrides 'x.conf:2: Match User x,y LocalPort 2200: PasswordAuthentication yes'
printf 'Match User x\n  X11Forwarding no\n  PasswordAuthentication no\n' >/etc/ssh/sshd_config.d/x.conf
check
grep -qx match_overrides "$LAB/found" && fail "nothing is overridden"
rm /etc/ssh/sshd_config.d/x.conf
mended
story "what sshd was started with"
/usr/sbin/sshd -D -p 2299 -o ForceCommand=none -o PidFile=/run/other.pid &
other=$!
wait_until "the other sshd listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/2299' 2>/dev/null
found sshd_options ForceCommand=none
found sshd_several 'process [0-9]+.*-p 2299'
kill $other
wait $other || :
/usr/sbin/sshd -Def /etc/ssh/sshd_config -p 2299 -o PidFile=/run/other.pid 2>/dev/null &
other=$!
wait_until "the other sshd listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/2299' 2>/dev/null
found sshd_options '-Def'
kill $other
wait $other || :
mended
mv /run/sshd.pid "$LAB/pid"
found sshd_pid_file
cp "$LAB/pid" /run/sshd.pid
mended

story "accounts, programs, modes"
usermod -G '' _countersign
found accounts _countersign-log
usermod -G _countersign-log _countersign
sed -i.away '/^_countersign-fetch:/d' /etc/passwd
found accounts _countersign-fetch
mv /etc/passwd.away /etc/passwd
for program in principals keeper fetch install-policy; do
  chmod g+w /usr/libexec/countersign/$program
  found program_files "$program"
  chmod g-w /usr/libexec/countersign/$program
done
chmod o+w /usr/libexec/countersign
found program_files
chmod o-w /usr/libexec/countersign
module=$(ls /usr/lib/*/security/pam_countersign.so)
chown alice "$module"
found program_files pam_countersign
chown root "$module"
chmod 755 /usr/libexec/countersign/session
found wrapper_mode
chgrp _countersign-session /usr/libexec/countersign/session
chmod 2711 /usr/libexec/countersign/session
chmod 666 /etc/countersign/user_ca.pub
found config_files user_ca
chmod 644 /etc/countersign/user_ca.pub
chmod o+w /etc/pam.d
found config_files pam.d
chmod o-w /etc/pam.d
mended

story "PAM's lines"
P=/etc/pam.d/sshd
keep $P
sed -i '/pam_countersign.so$/d' $P
found pam_first
back $P
sed -i '1i session required pam_env.so' $P
found pam_first 'sshd:1: pam_env'
back $P
sed -i '/pam_countersign.so environment/d' $P
found pam_last
back $P
echo 'session required pam_env.so user_readenv=1' >>$P
found pam_last 'stands after'
back $P
sed -i 's/required     pam_countersign.so$/optional     pam_countersign.so/' $P
found pam_control optional
back $P
sed -i '/pam_loginuid/d' $P
found login_uid
back $P
story "and lines after which they are not asked"
sed -i '/pam_countersign.so$/i session [success=1 default=ignore] pam_permit.so' $P
found pam_first 'success=1.*may skip'
back $P
sed -i '/pam_loginuid/i session sufficient pam_permit.so' $P
found pam_first 'sufficient.*may skip'
back $P
sed -i '/pam_countersign.so environment/i session [default=done] pam_permit.so' $P
found pam_last 'default=done.*may skip'
back $P
printf 'session optional pam_permit.so\nsession optional pam_permit.so\n' >/etc/pam.d/evil
sed -i '/pam_countersign.so$/i session [success=2 default=ignore] pam_permit.so\nsession substack evil' $P
found pam_first 'success=2.*may skip'
back $P
echo 'session [default=reset] pam_permit.so' >>$P
found pam_control 'reset.*may throw away'
back $P
echo 'session required /lib/security/pam_env.so user_readenv=1' >/etc/pam.d/evil
sed -i '/pam_loginuid/i session substack evil' $P
found pam_first 'pam_env.so stands before'
sed -i 's/substack evil/include evil/' $P
found pam_first 'pam_env.so stands before'
rm /etc/pam.d/evil
found pam_first 'evil.*No such file'
back $P
sed -i 's/^session \(.*pam_countersign.so\)$/-session \1/' $P
found pam_control '.-session'
back $P
mended

story "settings, policy, locks, KRL"
keep $NODE
echo 'Lable x=y' >>$NODE
found settings 'node.conf:5: .*Lable'
rm $NODE
found settings 'there is no'
back $NODE
chmod 600 $V/policy.json $V/policy.bin
found helper 'policy_unreadable.*Permission denied'
chmod 640 $V/policy.json $V/policy.bin
rm $V/policy.bin
found policy_not_compiled
head -c 50 "$LAB/source/krl" >$V/policy.bin
found policy_not_compiled 'or damaged'
echo 'Label rack=r1' >>$NODE
countersign-node refresh -q
back $NODE
found policy_not_compiled 'other labels'
countersign-node refresh -q
keep $V/policy.json.sig
rm $V/policy.json.sig
found policy_unsigned
back $V/policy.json.sig
mkdir -p $V/locks.d
echo '{}' >$V/locks.d/x.json
found locks 'x.json'
found helper locks_unreadable
rm $V/locks.d/x.json
touch $V/locks.d/mallory.json.bak
found locks 'mallory.json.bak.*is no lock'
rm $V/locks.d/mallory.json.bak
echo '{"name": "elsewhere", "target": {"host": "web9", "user": "x@y"}, "reason": "no"}' >$V/locks.d/elsewhere.json
found locks_elsewhere 'elsewhere.*web9'
rm $V/locks.d/elsewhere.json
keep $V/krl
: >$V/krl
found krl damaged
rm $V/krl
found krl 'No such file'
faketime -f -40d countersign krl -q --ca "$LAB/ca" -o $V/krl || lab_die "no old KRL"
found krl_old
back $V/krl
found krl_unsigned 'does not fit'
install -m 644 "$LAB/source/krl.sig" $V/krl.sig
cp -a $V "$LAB/v"
for when in '-1 hour:policy_expired' '+2 days:policy_expires_soon'; do
  sed "s/\"version\": 5/\"version\": 6, \"expires\": \"$(date -u -d "${when%:*}" +%FT%TZ)\"/" "$LAB/source/policy.json" >$V/policy.json
  found "${when#*:}"
done
rm -rf "${V:?}"/policy* "${V:?}"/krl*
cp -a "$LAB"/v/policy* "$LAB"/v/krl* $V/
countersign-node refresh -q
mended

story "refreshing"
keep $NODE
sed -i '/PolicySource/d' $NODE
found no_source
echo 'PolicySource /nowhere' >>$NODE
countersign-node refresh -q 2>/dev/null
found refresh 'since .*nowhere'
rm $V/refresh.json
found refresh 'no refresh yet'
back $NODE
countersign-node refresh -q
sed -i "s/\"tried\": [0-9]*/\"tried\": $(($(date +%s) - 7200))/" $V/refresh.json
found refresh 'the last refresh was'
countersign-node refresh -q
mended

story "keeper and syslog"
kill "$KEEPER"
wait "$KEEPER" 2>/dev/null
found keeper
lab_keeper
mv /run/countersign/input/log /run/countersign/input/away
found syslog 'No such file'
mv /run/countersign/input/away /run/countersign/input/log
keep /etc/rsyslog.conf
sed -i 's/ SysSock.Annotate="on"//' /etc/rsyslog.conf
found rsyslog_trust
back /etc/rsyslog.conf
mended

story "the clock, as the kernel sees it"
# Nothing may set it here: adjtimex(2) is made to say so.
runs strace -f -o /dev/null -e inject=adjtimex:retval=5 countersign-node check --json
grep -q '"finding":"clock"' "$LAB/out" || fail "clock not found"
echo clock >>"$PROVOKED"

story "the way in for the worst day"
echo 'BreakGlassGroup breakglass' >>$NODE
found break_glass_group 'there is no group'
groupadd breakglass
found break_glass_group 'nobody is in'
usermod -aG breakglass mallory
found break_glass_hooks forcecommand
found break_glass_hooks revokedkeys
cat >>/etc/ssh/sshd_config <<END
Match Group breakglass
  AuthorizedKeysFile /etc/ssh/breakglass/%u
  RevokedKeys /usr/share/countersign/krl.empty
  ForceCommand none
  AuthenticationMethods password publickey
  PasswordAuthentication yes
END
found break_glass_passwords 'passwordauthentication of .mallory'
sed -i '/^  AuthenticationMethods password/d; /^  PasswordAuthentication yes/d' /etc/ssh/sshd_config
found break_glass_keys 'mallory.*No such file'
install -d -m 755 /etc/ssh/breakglass
: >/etc/ssh/breakglass/mallory
found break_glass_keys 'has no key'
cp "$LAB/keys/key.pub" /etc/ssh/breakglass/mallory
found break_glass_pin
sed -i 's/$/ from="127.0.0.1"/' /etc/ssh/breakglass/mallory
found break_glass_pin
cp "$LAB/keys/key.pub" /etc/ssh/breakglass/mallory
sed -i 's/^/from="127.0.0.1" /' /etc/ssh/breakglass/mallory
chmod 666 /etc/ssh/breakglass/mallory
found break_glass_keys 'others than root'
chmod 644 /etc/ssh/breakglass/mallory
sshd_reload
check
grep -e break_glass -e match_overrides "$LAB/found" && fail "break-glass is right: $(cat "$LAB/out")"
kill "$KEEPER"
wait "$KEEPER" 2>/dev/null
rm $V/policy.json $V/policy.bin
rm -f "$LAB/keys/mallory"*
cp "$LAB/keys/key" "$LAB/keys/mallory"
as mallory mallory -- 'echo in'
says in
lab_keeper
countersign-node refresh -q

story "a setup that nobody watches any more"
mkdir -p $V/setup
echo '{"deadline": 1, "reloaded": 1, "files": []}' >$V/setup/journal.json
found setup_unconfirmed
rm -r $V/setup

story "every finding that there is has been provoked"
countersign-node check --list | awk '{ print $1 }' | sort >"$LAB/all"
sort -u "$PROVOKED" | diff "$LAB/all" - >"$LAB/out" || fail "not provoked, or not listed: $(cat "$LAB/out")"

story "not for everybody"
runs setpriv --reuid=alice --clear-groups --regid=alice countersign-node check
exits 1
warns 'has to run as root'
# A break-glass login without a keeper has no end.
: >$EVENTS
