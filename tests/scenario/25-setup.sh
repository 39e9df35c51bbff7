# Putting it in force locks nobody out for good.
# shellcheck shell=bash

DROP=/etc/ssh/sshd_config.d/00-countersign.conf
P=/etc/pam.d/sshd

story "a host that is not set up yet, with a key that an admin gets in by"
countersign-node remove >/dev/null || lab_die "not removed"
mkdir -p /root/.ssh /home/alice/.ssh
cp "$LAB/keys/key.pub" /root/.ssh/authorized_keys
cp "$LAB/keys/key.pub" /home/alice/.ssh/authorized_keys
chown -R alice /home/alice/.ssh
printf 'PermitRootLogin yes\n' >/etc/ssh/sshd_config.d/10-admin.conf
sshd_reload
cp $P "$LAB/pam.before"
issue boss ops
issue alice web
cp "$LAB/keys/key" "$LAB/keys/plain"
as plain root -- 'echo in'
says in
grep -q pam_countersign $P && fail "PAM has our line already"
[ -e $DROP ] && fail "the drop-in is there already"

# before: everything is as it was
before() {
  cmp -s $P "$LAB/pam.before" || fail "PAM's stack is not what it was"
  [ -e $DROP ] && fail "the drop-in is still there"
  [ -e /var/lib/countersign/setup/journal.json ] && fail "the journal is still open"
  for ((i = 0; i < 50; i++)); do
    as plain root -- 'echo in'
    [ "$STATUS" = 0 ] && break
    sleep 0.1
  done
  says in
}

story "nobody could log in: refused before anything is touched"
mv /var/lib/countersign/policy.json "$LAB/policy"
runs countersign-node setup
exits 1
warns 'nobody could log in: policy_unreadable'
before
mv "$LAB/policy" /var/lib/countersign/policy.json
mv /etc/countersign/user_ca.pub "$LAB/ca.pub"
: >/etc/countersign/user_ca.pub
runs countersign-node setup
exits 1
warns 'no CA'
mv "$LAB/ca.pub" /etc/countersign/user_ca.pub

story "a configuration that overrules ours: named, and undone"
echo 'ForceCommand none' >/etc/ssh/sshd_config.d/0-first.conf
runs countersign-node setup
exits 1
warns 'force_command: forcecommand of .root. is .none.'
warns 'everything is as it was'
rm /etc/ssh/sshd_config.d/0-first.conf
before
story "and one that sshd cannot read: sshd is not told to, and lives on"
echo 'Nonsense yes' >/etc/ssh/sshd_config.d/0-first.conf
runs countersign-node setup --timeout 2s
exits 1
warns 'Bad configuration option'
kill -0 "$SSHD" || fail "sshd is gone"
rm /etc/ssh/sshd_config.d/0-first.conf
for ((i = 0; i < 50; i++)); do
  [ -e /var/lib/countersign/setup/journal.json ] || break
  sleep 0.1
done
before
story "a PAM stack with nothing to go by"
sed -i '/pam_loginuid/d' $P
runs countersign-node setup
exits 1
warns 'pam_countersign(8)'
cp "$LAB/pam.before" $P

story "set up, and locked out: it comes back by itself"
fresh
# The admin's own account is in no role: the policy is good, but not for them.
runs countersign-node setup --timeout 3s
exits 0
grep -q 'Log in a second time' <(tr '\n' ' ' <"$LAB/out") || fail "it does not say what to do"
[ -e $DROP ] || fail "not in force"
sleep 0.5
as plain root -- 'echo in'
refused
sleep 4
before
event '.event=="node.setup" and .step=="put"'
event '.event=="node.setup" and .step=="undone" and .code=="CS031W"'
story "also when the login that did it is gone"
as plain root -- 'countersign-node setup --timeout 3s'
exits 0
sleep 0.5
as plain root -- 'echo in'
refused
sleep 4
before

story "not confirmed by the login that did it, nor by one from before"
runs countersign-node setup --timeout 20s
exits 0
runs countersign-node setup --confirm
exits 1
warns 'log in a second time'
story "a second setup meanwhile is refused"
runs countersign-node setup
exits 1
warns 'an earlier setup waits'
story "but by a second login"
sleep 0.5
as boss root -- 'countersign-node setup --confirm'
exits 0
says confirmed
event '.event=="node.setup" and .step=="confirmed"'
sleep 1
[ -e $DROP ] || fail "it was taken back"
pgrep -f 'countersign-node setup' && fail "somebody still waits"
as boss root -- 'echo in'
says in
story "also through sudo's and su's processes"
countersign-node remove >/dev/null
sshd_reload
countersign-node setup --timeout 20s >/dev/null
sleep 0.5
as boss root -- 'setsid -w sh -c "env -i PATH=$PATH countersign-node setup --confirm"'
says confirmed

story "not by a login that did not come through the hooks"
countersign-node remove >/dev/null
groupadd breakglass
usermod -aG breakglass root
sed -i '1iBreakGlassGroup breakglass' /etc/countersign/node.conf
install -d -m 755 /etc/ssh/breakglass
install -m 644 "$LAB/keys/key.pub" /etc/ssh/breakglass/root
cp /etc/ssh/sshd_config "$LAB/sshd_config"
cp /etc/countersign/node.conf "$LAB/node.conf"
cat >>/etc/ssh/sshd_config <<END
Match Group breakglass
  AuthorizedKeysFile /etc/ssh/breakglass/%u
  RevokedKeys /usr/share/countersign/krl.empty
  ForceCommand none
END
/usr/sbin/plainsshd -V 2>/dev/null
ln -sf /usr/sbin/sshd /usr/sbin/plainsshd
cp /etc/pam.d/other /etc/pam.d/plainsshd
/usr/sbin/plainsshd -D -p 2222 -o PidFile=none -o UsePAM=no -o ForceCommand=none 2>/dev/null &
countersign-node setup --timeout 20s >/dev/null || fail "no setup"
sleep 0.5
runs ssh -F "$LAB/ssh_config" -p 2222 -i "$LAB/keys/plain" root@web1 'countersign-node setup --confirm'
exits 1
warns 'proves nothing'
cp "$LAB/keys/key" "$LAB/keys/breaker"
as breaker root -- 'countersign-node setup --confirm'
exits 1
warns 'a break-glass account'
usermod -rG breakglass root
as boss root -- 'countersign-node setup --confirm'
exits 0
kill %%
cp "$LAB/sshd_config" /etc/ssh/sshd_config
sed -i '/BreakGlassGroup/d' /etc/countersign/node.conf
sshd_reload

story "a drop-in that was changed is not overwritten"
cp $DROP "$LAB/drop"
sed -i 's/^SetEnv /SetEnv MY=1 /' $DROP
runs countersign-node setup --no-confirm
exits 1
warns 'has been changed since'
grep -q MY=1 $DROP || fail "it was overwritten"
runs countersign-node setup --no-confirm --force
exits 0
cmp -s $DROP "$LAB/drop" || fail "it was not replaced"

story "again: changes nothing, says so, stays in force"
runs countersign-node setup --no-confirm
exits 0
[ "$(grep -c pam_countersign $P)" = 2 ] || fail "PAM's lines: $(cat $P)"

story "a setup and an undo at once: one after the other"
countersign-node remove >/dev/null
for i in 1 2 3 4 5; do
  countersign-node setup --timeout 60s >/dev/null 2>&1 &
  pid=$!
  sleep "0.0$i"
  countersign-node setup --undo >/dev/null 2>&1
  wait $pid
  countersign-node setup --undo >/dev/null 2>&1
  [ -e $DROP ] && fail "the drop-in is left"
  cmp -s $P "$LAB/pam.before" || fail "PAM's lines are left"
done
countersign-node setup --no-confirm >/dev/null || fail "no setup"

story "a PAM line that goes on in the next one"
sed -i 's/pam_loginuid.so$/pam_loginuid.so \\\n    require_auditd_not/' $P
cp $P "$LAB/pam.long"
runs countersign-node setup --no-confirm
exits 0
grep -A 1 require_auditd_not $P | grep -q pam_countersign || fail "ours does not stand behind it: $(cat $P)"
as boss root -- true
cp "$LAB/pam.before" $P
runs countersign-node setup --no-confirm
exits 0

story "taken out: sshd is as it was"
runs countersign-node remove
exits 0
sleep 0.5
cmp -s $P "$LAB/pam.before" || fail "PAM's stack is not what it was"
before

story "taking out what sshd cannot live without is not done"
runs countersign-node setup --no-confirm
exits 0
sleep 0.5
echo 'Nonsense yes' >/etc/ssh/sshd_config.d/0-first.conf
runs countersign-node remove
exits 1
warns 'mend that first'
rm /etc/ssh/sshd_config.d/0-first.conf
sleep 0.5
as boss root -- true
exits 0
mkdir "$LAB/pam.e"
mount -t tmpfs -o size=300k,mode=755 tmpfs "$LAB/pam.e"
cp -a /etc/pam.d/. "$LAB/pam.e"
mount --bind "$LAB/pam.e" /etc/pam.d
cat /dev/zero >/etc/pam.d/filler 2>/dev/null
runs countersign-node remove
exits 1
[ -e $DROP ] || fail "half of it is gone"
as boss root -- true
exits 0
umount /etc/pam.d
runs countersign-node remove
exits 0
sleep 0.5
before

story "a removal that is killed at any step: in force again, or out"
removals=0
for call in openat write fsync rename unlink clone; do
  for n in 1 2 3 5 8 14 30; do
    countersign-node setup --no-confirm >/dev/null 2>&1 || fail "no setup before $call $n"
    { timeout 60 strace -qq -o /dev/null -e inject=$call:signal=KILL:when=$n countersign-node remove; } >/dev/null 2>&1 && break
    removals=$((removals + 1))
    pkill -KILL -f 'countersign-node remove'
    countersign-node setup --undo >/dev/null 2>&1
    if [ -e $DROP ]; then
      [ "$(grep -c pam_countersign $P)" = 2 ] || fail "the drop-in without PAM's lines after $call $n"
    else
      cmp -s $P "$LAB/pam.before" || fail "PAM's lines without the drop-in after $call $n"
    fi
  done
  countersign-node remove >/dev/null 2>&1
done
[ $removals -gt 12 ] || fail "only $removals kills"
echo "  ($removals kills)"
story "what others changed while it was taken out stays"
countersign-node setup --no-confirm >/dev/null || fail "no setup"
{ strace -qq -o /dev/null -e inject=unlink:signal=KILL:when=2 countersign-node remove; } >/dev/null 2>&1
pkill -KILL -f 'countersign-node remove'
grep -q pam_countersign $P && fail "it was not in the middle"
echo 'session optional pam_umask.so' >>$P
countersign-node setup --undo >/dev/null || fail "no undo"
grep -q pam_umask $P || fail "the admin's line is gone"
[ "$(grep -c pam_countersign $P)" = 2 ] || fail "ours are not back: $(cat $P)"
cp "$LAB/pam.before" $P
rm -f $DROP
sshd_reload
before

story "undone by hand"
runs countersign-node setup --timeout 60s
exits 0
runs countersign-node setup --undo
exits 0
before
runs countersign-node setup --undo
exits 1
warns 'no unconfirmed setup'

story "the waiting process is killed: the doctor says it, and undo still works"
runs countersign-node setup --timeout 60s
pkill -KILL -f 'countersign-node setup'
runs countersign-node check --json
grep -q '"finding":"setup_unconfirmed"' "$LAB/out" || fail "the doctor does not see it"
runs countersign-node setup --undo
exits 0
before

story "killed at each step, and nobody there to help: it comes back by itself"
killed=0
for call in openat write fsync rename unlinkat unlink clone kill socket mkdir; do
  for n in 1 2 3 4 5 6 7 8 12 16; do
    { timeout 60 strace -qq -o /dev/null -e inject=$call:signal=KILL:when=$n countersign-node setup --timeout 2s; } >/dev/null 2>&1 && break
    killed=$((killed + 1))
    for ((i = 0; i < 80; i++)); do
      # Before anything was touched nobody has to wait for it.
      cmp -s $P "$LAB/pam.before" && ! [ -e $DROP ] && ! pgrep -f "countersign-node setup" >/dev/null && break
      sleep 0.1
    done
    cmp -s $P "$LAB/pam.before" || fail "PAM's stack is not what it was after $call $n"
    [ -e $DROP ] && fail "the drop-in is left after $call $n"
    countersign-node setup --undo --if-unwatched >/dev/null || fail "undo after $call $n"
  done
  countersign-node setup --undo >/dev/null 2>&1
done
[ $killed -gt 15 ] || fail "only $killed kills"
echo "  ($killed kills)"

story "hung up in the middle: it goes on, and comes back by itself"
setsid countersign-node setup --timeout 3s >/dev/null 2>&1 &
pid=$!
for ((i = 0; i < 30; i++)); do
  [ -e /var/lib/countersign/setup/journal.json ] && pgrep -f "countersign-node setup" -c | grep -q 2 && kill -HUP $pid 2>/dev/null
  sleep 0.02
done
wait $pid
sleep 4
before

story "the machine goes down before it is confirmed: at boot it is taken back"
runs countersign-node setup --timeout 60s
exits 0
pkill -KILL -f 'countersign-node setup'
/usr/share/countersign/prepare-host
before
story "a journal of another boot is overdue, and no login is newer"
runs countersign-node setup --timeout 60s
exits 0
pkill -KILL -f 'countersign-node setup'
sed -i 's/"boot": "[^"]*"/"boot": "another"/' /var/lib/countersign/setup/journal.json
as boss root -- 'countersign-node setup --confirm'
exits 1
warns 'older than the setup'
runs timeout 20 countersign-node setup --watch
exits 0
before

story "but not while somebody waits"
runs countersign-node setup --timeout 60s
exits 0
/usr/share/countersign/prepare-host
[ -e $DROP ] || fail "it was taken back"
runs countersign-node setup --undo
before
story "and somebody else can wait, too"
runs countersign-node setup --timeout 2s
pkill -KILL -f 'countersign-node setup'
runs countersign-node setup --watch
exits 0
before

story "what others changed meanwhile stays; only ours goes"
runs countersign-node setup --timeout 2s
echo 'session optional pam_umask.so' >>$P
echo '# mine' >>$DROP
sleep 4
grep -q pam_umask $P || fail "the admin's line is gone"
grep -q pam_countersign $P && fail "ours is left"
[ -e $DROP ] && fail "the drop-in is left"
[ -e /var/lib/countersign/setup/journal.json ] && fail "the journal is still open"
cp "$LAB/pam.before" $P

story "somebody deletes the copies that the undo would put back"
runs countersign-node setup --timeout 60s
exits 0
rm /etc/pam.d/.*.countersign-old
runs countersign-node setup --undo
exits 0
before

story "sshd's pid file is elsewhere: it is found, and reloaded, all the same"
mv /run/sshd.pid "$LAB/pid"
runs countersign-node setup --timeout 60s
exits 0
as alice deploy -- 'echo by policy'
says 'by policy'
runs countersign-node setup --undo
exits 0
cp "$LAB/pid" /run/sshd.pid
before

story "the disk is full when it has to be taken back"
mkdir "$LAB/pam.d"
mount -t tmpfs -o size=300k,mode=755 tmpfs "$LAB/pam.d"
cp -a /etc/pam.d/. "$LAB/pam.d"
mount --bind "$LAB/pam.d" /etc/pam.d
runs countersign-node setup --timeout 2s
exits 0
cat /dev/zero >/etc/pam.d/filler 2>/dev/null
sleep 4
before
umount /etc/pam.d

sshd_reload
before

story "and with everything as it should be, everybody gets in by the policy"
runs countersign-node setup --no-confirm
exits 0
sleep 0.5
as alice deploy -- true
exits 0
as plain root -- true
refused
fresh
