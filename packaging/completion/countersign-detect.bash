# SPDX-License-Identifier: ISC
# bash completion for countersign-detect(1)

_countersign_detect() {
  local cur prev words
  cur=${COMP_WORDS[COMP_CWORD]}
  prev=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W 'run test explain replay coverage lint --help --version' -- "$cur")
    return
  fi
  case $prev in
  --queue|--respond)
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    return
    ;;
  --rules | --against | --logsources | --attack | --state | --listen | -o)
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return
    ;;
  esac
  case ${COMP_WORDS[1]} in
  run) words='--rules --logsources --follow --state --listen --queue --respond --matches --stats -o --help' ;;
  test) words='--logsources -v --help' ;;
  explain) words='--rules --logsources --help' ;;
  replay) words='--rules --against --logsources --help' ;;
  coverage) words='--navigator --logsources --help' ;;
  lint) words='--syntax --logsources --attack --help' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
}
complete -F _countersign_detect countersign-detect
