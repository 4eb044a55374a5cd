# shellcheck shell=bash
# The demo's desktop: its own X server and window manager when headless, and the system's processes below BULKHEAD_ROOT.
# Sourced; every process started here is remembered and ended by stop_all, by pid.

started_pids=()

remember() { started_pids+=("$1"); }

# wait_until SECONDS WHAT COMMAND...: polls; an honest failure names what did not come.
wait_until() {
  local limit=$1 what=$2 begun=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS - begun >= limit)); then
      echo "waited $limit s for $what in vain" >&2
      return 1
    fi
    sleep 0.2
  done
}

start_x_server() {
  local fifo=$DEMO_ROOT/display
  mkfifo "$fifo"
  Xvfb -displayfd 3 -screen 0 1600x1000x24 -nolisten tcp 3>"$fifo" >"$DEMO_LOGS/xvfb.log" 2>&1 &
  remember $!
  local number=''
  read -r -t 20 number <"$fifo" || return 1
  [[ -n $number ]] || return 1
  export DISPLAY=:$number
  unset WAYLAND_DISPLAY
  openbox --sm-disable >"$DEMO_LOGS/openbox.log" 2>&1 &
  remember $!
  wait_until 20 'the window manager' window_manager_is_there || return 1
  xsetroot -solid '#2e3436'
}

# xprop answers 0 also where the property is missing.
window_manager_is_there() { xprop -root _NET_SUPPORTING_WM_CHECK | grep -q 'window id'; }

start_bulkheadd() {
  "$BIN/bulkheadd" --stop-qubes-on-exit >"$DEMO_LOGS/bulkheadd.log" 2>&1 &
  bulkheadd_pid=$!
  wait_until 30 'the admin socket' "$BIN/bulkhead" ls || { tail -n 5 "$DEMO_LOGS/bulkheadd.log" >&2; return 1; }
  ACCEL=$("$BIN/bulkhead" features dom0 bulkhead.accel)
}

# Moves the visible window whose title matches, once it is there.
place_window() {
  local window
  wait_until 20 "a window named $1" xdotool search --onlyvisible --name "$1" || return 1
  window=$(xdotool search --onlyvisible --name "$1" | head -n 1)
  xdotool windowmove --sync "$window" "$2" "$3"
}

start_tray() {
  "$BIN/bulkhead-tray" --window --state-file "$DEMO_ROOT/tray.json" >"$DEMO_LOGS/tray.log" 2>&1 &
  remember $!
  wait_until 30 'the tray' test -s "$DEMO_ROOT/tray.json" || return 1
  [[ -z $headless ]] || place_window '^Qubes - Bulkhead' 10 570
}

stop_all() {
  local pid
  if [[ -n ${bulkheadd_pid-} ]] && kill -0 "$bulkheadd_pid" 2>/dev/null; then
    kill -TERM "$bulkheadd_pid" 2>/dev/null || true
    for _ in $(seq 300); do
      kill -0 "$bulkheadd_pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$bulkheadd_pid" 2>/dev/null || true
  fi
  stop_recorded_processes
  for pid in "${started_pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${started_pids[@]}"; do
    for _ in $(seq 50); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
  done
  wait_for_stragglers
}

# Processes that were started with our BULKHEAD_ROOT, whoever their parent is by now; and those in a jail, which leaves them no environment, by the
# files they hold.
stragglers() {
  local found pid
  find /proc/[0-9]*/fd -lname "$BULKHEAD_ROOT/*" 2>/dev/null | cut -d/ -f3 | sort -u | while read -r pid; do
    [[ -n $(tr -d '\0' <"/proc/$pid/environ" 2>/dev/null) ]] || echo "$pid"
  done
  # grep itself must not carry what it looks for.
  found=$(env -u BULKHEAD_ROOT grep -lzxF "BULKHEAD_ROOT=$BULKHEAD_ROOT" /proc/[0-9]*/environ 2>/dev/null)
  printf '%s' "${found//[!0-9$'\n']/}"
}

# The last ones end by themselves within moments (a call whose qube is gone); what does not is named and killed.
wait_for_stragglers() {
  local pid left
  [[ -n ${BULKHEAD_ROOT-} ]] || return 0
  for _ in $(seq 50); do
    left=$(stragglers || true)
    [[ -n $left ]] || return 0
    sleep 0.1
  done
  for pid in $left; do
    echo "demo: ending a process that was left: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)" >&2
    kill -KILL "$pid" 2>/dev/null || true
  done
}

# What bulkheadd recorded, should it have died before its children: pid and start time must both agree.
stop_recorded_processes() {
  local file pid start
  for file in "${BULKHEAD_ROOT:-/nonexistent}"/run/qubes/*/processes.json; do
    [[ -f $file ]] || continue
    while read -r pid start; do
      [[ $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20) == "$start" ]] && kill -KILL "$pid" 2>/dev/null
    done < <(grep -oE '"pid": *[0-9]+, *"start_time": *[0-9]+' "$file" | grep -oE '[0-9]+' | paste - -)
  done
  return 0
}
