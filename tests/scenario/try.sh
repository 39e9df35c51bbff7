plain_sshd alice
plainly alice -tt -- true
sleep 1
timeout 10 ssh -F $LAB/ssh_config -p 2222 -i $LAB/keys/key -tt alice@web1 < <(sleep 1; echo exit) | cat -A
cat -A /etc/motd | head -3; ls -la /run/motd* /etc/motd*  /etc/update-motd.d
tail -3 /var/log/auth.log
