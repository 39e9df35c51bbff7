# Exit statuses, signals, streams and the environment, in five shells, are those
# of a plain sshd.
# shellcheck shell=bash

for shell in bash dash zsh fish tcsh; do
  account "u-$shell" "$(command -v $shell)"
done
plain_sshd u-bash u-dash u-zsh u-fish u-tcsh
policy <<END
{ "version": 1, "roles": { "shells": { "allow": {
  "logins": ["u-bash", "u-dash", "u-zsh", "u-fish", "u-tcsh"], "node_labels": { "*": ["*"] } } } } }
END
issue alice shells

# What of the environment differs by nature: the connection.
environment='env | grep -vE "^(SSH_CLIENT|SSH_CONNECTION|XDG_SESSION_ID)=" | sort'

for shell in bash dash zsh fish tcsh; do
  story "$shell: exit statuses"
  for code in 0 1 7 255; do
    fresh
    as alice "u-$shell" -- "exit $code"
    exits $code
    event ".event==\"exec\" and .exit_code==$code and .login==\"u-$shell\""
    event ".event==\"session.end\" and .exit_code==$code"
  done
  alike alice "u-$shell" -- 'exit 3'

  story "$shell: death by signal"
  for signal in TERM KILL HUP SEGV INT; do
    fresh
    # sh replaces itself by kill's victim: the shell's own child dies.
    alike alice "u-$shell" -- "exec sh -c 'kill -$signal \$\$'"
    event ".event==\"session.end\" and .signal==\"$signal\""
    event ".event==\"exec\" and .code==\"T3002E\" and .signal==\"$signal\""
  done

  story "$shell: stdout and stderr stay apart, stdin arrives"
  alike alice "u-$shell" -- 'echo out; sh -c "echo err >&2"; cat'
  alike alice "u-$shell" -- "$environment"
  alike alice "u-$shell" -- 'pwd; umask; ulimit -n; echo $0'
  alike alice "u-$shell" -- 'tty'
  says 'not a tty'
  alike alice "u-$shell" -- 'no-such-command-at-all'
  alike alice "u-$shell" -- ''
done

story "what ends with a closed channel ends the channel, not the program"
alike alice u-bash -- 'exec >&- 2>&-; exec true'
alike alice u-bash -- 'trap "" PIPE; (sleep 0.2; echo late) & echo early'
alike alice u-bash -- 'ps -o stat= -p $$ | cut -c 1 | tr R S'
alike alice u-dash -- "trap 'echo caught; exit 4' TERM; kill -TERM 0; sleep 1"
alike alice u-bash -- 'kill -l | head -n 1; grep Sig /proc/self/status'

story "PAM's environment is the user's, though not the wrapper's"
cat >/home/u-bash/.pam_environment <<'END'
EDITOR DEFAULT=ed
TMPDIR DEFAULT=/tmp
LD_PRELOAD DEFAULT=/nowhere/evil.so
XDG_CONFIG_HOME DEFAULT=/home/u-bash/cfg
SHELLOPTS DEFAULT=braceexpand
END
alike alice u-bash -- "$environment"
grep -q EDITOR=ed "$LAB/out" || fail "PAM's variable is not there"
alike alice u-bash -- 'echo "$TMPDIR $XDG_CONFIG_HOME $SHELLOPTS"'
