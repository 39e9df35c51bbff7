# OpenSSH's own regression tests (Debian's package openssh-tests), with
# `countersign sign` and `countersign krl` in ssh-keygen's place: a shim sends
# them what `-s`, `-k` and `-Q` are, and counts; everything else is ssh-keygen's.
# shellcheck shell=bash
mkdir -p /run/sshd
# These logins are not ours to judge.
sed -i '/pam_countersign/d' /etc/pam.d/sshd

tests=/usr/lib/openssh/regress
[ -d $tests ] || fail "the package openssh-tests is not installed"

story "the shim"
cat >"$LAB/shim" <<END
#!/bin/sh
# Which of ssh-keygen's modes is it? Words of options are not looked into.
mode=
for word; do
  case \$word in
  -Y) mode=other ;;
  -k* | -[uq]*k* | -Q* | -[ql]*Q*) mode=\${mode:-krl} ;;
  -s | -[hqUv]*s) mode=\${mode:-sign} ;;
  esac
done
case \$mode in
sign | krl)
  echo \$mode >>"$LAB/calls"
  exec countersign \$mode "\$@"
  ;;
*) exec /usr/bin/ssh-keygen "\$@" ;;
esac
END
chmod 755 "$LAB/shim"

# Each test is a file of OpenSSH's; at least so many calls of ours it makes.
regress() {
  local test=$1 sign=$2 krl=$3 obj=$LAB/obj-$1
  story "OpenSSH's $test"
  : >"$LAB/calls"
  cp -a $tests "$obj"
  (
    cd "$obj" || exit 1
    export PATH=$obj:$PATH TEST_SHELL=sh TEST_SSH_SSH=/usr/bin/ssh TEST_SSH_SSHD=/usr/sbin/sshd \
      TEST_SSH_SSHKEYGEN="$LAB/shim" TEST_SSH_SFTPSERVER=/usr/lib/openssh/sftp-server \
      TEST_SSH_UNSAFE_PERMISSIONS=1 TEST_SSH_ECC=yes USER=root LOGNAME=root SUDO=env OBJ=$obj \
      TEST_SSH_FAIL_FATAL=yes BUILDDIR=$obj
    unset SSH_AUTH_SOCK
    sh ./test-exec.sh "$obj" "$obj/$test.sh"
  ) >"$LAB/out" 2>&1 || {
    tail -n 20 "$obj/failed-regress.log" "$obj/regress.log" 2>/dev/null >>"$LAB/out"
    fail "$test: $(tail -n 40 "$LAB/out")"
  }
  grep -q "^ok " "$LAB/out" || fail "$test did not say ok: $(tail -n 5 "$LAB/out")"
  [ "$(grep -c sign "$LAB/calls")" -ge "$sign" ] || fail "only $(grep -c sign "$LAB/calls") calls of sign"
  [ "$(grep -c krl "$LAB/calls")" -ge "$krl" ] || fail "only $(grep -c krl "$LAB/calls") calls of krl"
  printf '  (%s calls of sign, %s of krl)\n' "$(grep -c sign "$LAB/calls")" "$(grep -c krl "$LAB/calls")"
  rm -rf "$obj"
}

regress krl 22 300
regress cert-file 4 0
regress principals-command 1 0
regress limit-keytype 1 0
regress agent 5 0
regress cert-hostkey 60 20
regress cert-userkey 70 6
