# SPDX-License-Identifier: ISC
# bash completion for countersign-audit(1)

_countersign_audit() {
  local cur prev words
  cur=${COMP_WORDS[COMP_CWORD]}
  prev=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W 'ls show play export search tail watch kill prune verify --help --version' -- "$cur")
    return
  fi
  case $prev in
  --events)
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return
    ;;
  --format)
    mapfile -t COMPREPLY < <(compgen -W 'text asciicast ttyrec' -- "$cur")
    return
    ;;
  --login)
    mapfile -t COMPREPLY < <(compgen -u -- "$cur")
    return
    ;;
  --user | --host | --since | --speed | --idle | --from | --lines | --reason | --older-than | --max-size) return ;;
  esac
  case ${COMP_WORDS[1]} in
  ls) words='--user --login --host --since --open --json --events --help' ;;
  show) words='--json --events --help' ;;
  play) words='--speed --idle --from --raw --events --help' ;;
  export) words='--format --events --help' ;;
  search) words='--ignore-case --user --events --help' ;;
  tail) words='--follow --lines --json --user --events --help' ;;
  watch) words='--events --help' ;;
  kill) words='--reason --help' ;;
  prune) words='--older-than --max-size --dry-run --help' ;;
  verify) words='--events --help' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  case ${COMP_WORDS[1]} in
  play | export) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur") ;;
  esac
}
complete -F _countersign_audit countersign-audit
