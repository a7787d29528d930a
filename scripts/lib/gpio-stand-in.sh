#!/bin/sh
# Stands in for libgpiod's programs at the process boundary, with the command lines of version 1.6 and of 2.x. Started as
#   gpio-stand-in.sh FOLDER MAJOR PROGRAM ARGUMENTS...
# A line that is driven is FOLDER/line-N with `VALUE PID`: it is driven for as long as that process lives. What gpiomon prints is
# what the test appends to FOLDER/edges-N. FOLDER/PROGRAM.fails and .hangs make the next ones do so.
folder=$1 major=$2 program=$3
shift 3
if [ "$1" = --version ]; then
  if [ "$major" = 1 ]; then echo "$program (libgpiod) v1.6.3"; else echo "$program (libgpiod) v2.2.1"; fi
  exit 0
fi
echo "$program $*" >>"$folder/log"
if [ -e "$folder/$program.fails" ]; then
  echo "$program: error: Device or resource busy" >&2
  exit 1
fi
if [ -e "$folder/$program.hangs" ]; then exec sleep 1000; fi

refuse() {
  echo "$program: $1" >&2
  exit 1
}

chip='' lines='' banner=no mode='' seconds=0 microseconds=0 toggle='' low=0
for argument in "$@"; do
  case $major$argument in
    1--mode=*) mode=${argument#*=} ;;
    1--sec=*) seconds=${argument#*=} ;;
    1--usec=*) microseconds=${argument#*=} ;;
    1--line-buffered | '1--format=%e %o %s %n') ;;
    2--banner) banner=yes ;;
    2--toggle=*) toggle=${argument#*=} ;;
    2--chip=*) chip=${argument#*=} ;;
    2--consumer=postern | 2--numeric | '2--format=%e %o %S') ;;
    ?--active-low) low=1 ;;
    ?--bias=pull-up | ?--bias=pull-down) ;;
    ?--*) refuse "unrecognized option '$argument'" ;;
    *) if [ -z "$chip" ]; then chip=$argument; else lines="$lines $argument"; fi ;;
  esac
done
[ "$chip" = gpiochip0 ] || refuse "cannot find GPIO chip '$chip'"
[ -n "$lines" ] || refuse 'at least one GPIO line must be specified'

set_lines() { # 0: as told, 1: the opposite
  for assignment in $lines; do
    value=$((${assignment#*=} ^ low ^ $1))
    echo "$value $$" >"$folder/new-$$"
    mv "$folder/new-$$" "$folder/line-${assignment%=*}"
  done
}

case $program in
  gpioset)
    for assignment in $lines; do
      owner=$(cut -d' ' -f2 "$folder/line-${assignment%=*}" 2>/dev/null)
      if [ -n "$owner" ] && kill -0 "$owner" 2>/dev/null; then refuse 'Device or resource busy'; fi
    done
    set_lines 0
    if [ $banner = yes ]; then echo "Setting line ..."; fi
    if [ -n "$toggle" ]; then
      milliseconds=${toggle%ms,0}
      sleep "$((milliseconds / 1000)).$(printf %03d $((milliseconds % 1000)))" >/dev/null 2>&1
      set_lines 1
      exit 0
    fi
    case $major$mode in
      1time) exec sleep "$seconds.$(printf %06d "$microseconds")" ;;
      1signal | 2) exec sleep 1000 ;;
      *) exit 0 ;;
    esac
    ;;
  gpiomon)
    line=${lines# }
    : >"$folder/edges-$line"
    echo $$ >"$folder/monitor-$line"
    if [ $banner = yes ]; then echo "Monitoring line '$line'..."; fi
    exec tail -n +1 -f "$folder/edges-$line"
    ;;
  gpioget)
    value=$(cat "$folder/input-${lines# }" 2>/dev/null || echo 0)
    echo $((value ^ low))
    ;;
esac
