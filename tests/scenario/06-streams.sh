# Bytes pass unchanged, for every program that people send through ssh.
# shellcheck shell=bash

issue alice web
head -c 67108864 /dev/urandom >"$LAB/random"
sum=$(sha256sum <"$LAB/random" | cut -d ' ' -f 1)
ssh_line="ssh -F $LAB/ssh_config -i $LAB/keys/alice"

story "64 MiB of random bytes to the host"
timeout 60 bash -c "$ssh_line deploy@web1 'cat >big' <$LAB/random" || fail "cat to the host"
[ "$(sha256sum </home/deploy/big | cut -d ' ' -f 1)" = "$sum" ] || fail "changed on the way in"

story "and back"
timeout 60 bash -c "$ssh_line deploy@web1 'cat big' >$LAB/back" || fail "cat from the host"
cmp -s "$LAB/random" "$LAB/back" || fail "changed on the way out"

story "and both ways at once"
timeout 60 bash -c "$ssh_line deploy@web1 cat <$LAB/random >$LAB/back" || fail "cat both ways"
cmp -s "$LAB/random" "$LAB/back" || fail "changed both ways"

story "sftp, by sshd's Subsystem line"
printf 'put %s up\nget up %s\n' "$LAB/random" "$LAB/sftp-back" >"$LAB/batch"
fresh
runs sftp -F "$LAB/ssh_config" -i "$LAB/keys/alice" -b "$LAB/batch" deploy@web1
exits 0
cmp -s "$LAB/random" "$LAB/sftp-back" || fail "changed by sftp"
event '.event=="subsystem" and .name=="sftp" and .code=="T3001I"'
no_event '.event=="exec"'

story "sftp as internal-sftp, with options"
sed -i 's#^Subsystem.*#Subsystem sftp internal-sftp -u 0027#' /etc/ssh/sshd_config
sshd_reload
fresh
printf 'put %s internal\n' "$LAB/keys/key.pub" >"$LAB/batch"
runs sftp -F "$LAB/ssh_config" -i "$LAB/keys/alice" -b "$LAB/batch" deploy@web1
exits 0
[ "$(stat -c %a /home/deploy/internal)" = 640 ] || fail "internal-sftp's umask was lost"
event '.event=="subsystem" and .name=="sftp"'

story "scp, both protocols"
for protocol in -s -O; do
  runs scp $protocol -q -F "$LAB/ssh_config" -i "$LAB/keys/alice" "$LAB/random" deploy@web1:copied
  exits 0
  runs scp $protocol -q -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1:copied "$LAB/copied"
  exits 0
  cmp -s "$LAB/random" "$LAB/copied" || fail "changed by scp $protocol"
done
event '.event=="exec" and (.command|startswith("scp "))'

story "rsync"
mkdir "$LAB/tree"
cp -r "$root/lib" "$LAB/tree"
runs rsync -a -e "$ssh_line" "$LAB/tree/" deploy@web1:tree
exits 0
diff -r "$LAB/tree" /home/deploy/tree >/dev/null || fail "rsync changed the tree"

story "git push and clone"
export GIT_SSH_COMMAND=$ssh_line GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
as alice deploy -- 'git init -q --bare repo.git'
git init -q "$LAB/repo"
cp -r "$root/lib" "$LAB/repo"
git -C "$LAB/repo" add lib
git -C "$LAB/repo" commit -qm one
runs git -C "$LAB/repo" push -q deploy@web1:repo.git HEAD:refs/heads/main
exits 0
runs git clone -q -b main deploy@web1:repo.git "$LAB/clone"
exits 0
diff -r "$LAB/repo/lib" "$LAB/clone/lib" >/dev/null || fail "git changed the tree"
event '.event=="exec" and (.command|startswith("git-receive-pack")) and .exit_code==0'
