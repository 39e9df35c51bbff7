issue alice web
for i in 1 2 3; do as alice deploy -- true; done
SSHDMON=$(pgrep -f 'sshd -D' | head -1)
strace -f -tt -p $SSHD -o $LAB/st 2>/dev/null &
sleep 0.5
as alice deploy -- true
sleep 0.3
grep -nE 'execve|exited|connect\(|sendto|accept|clone' $LAB/st | cut -c1-170 | head -120
