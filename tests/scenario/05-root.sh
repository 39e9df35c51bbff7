# root's login: sshd has no second process for root.
# shellcheck shell=bash

story "ops may be root"
issue alice ops
as alice root -- 'id -un; exit 5'
exits 5
says root
event '.event=="connection.start" and .login=="root" and .user=="alice@example.com"'
event '.event=="exec" and .exit_code==5'
event '.event=="connection.end" and .sessions==1'

story "a shell and sftp as root"
as alice root -tt -- 'tty | grep -c /dev/pts'
exits 0
echo 'ls /' >"$LAB/batch"
runs sftp -F "$LAB/ssh_config" -i "$LAB/keys/alice" -b "$LAB/batch" root@web1
exits 0
event '.event=="subsystem" and .name=="sftp" and .login=="root"'

story "who may not be root is not"
issue web web
as web root -- id
refused
