# shellcheck shell=sh
# Calls run in login shells: this is how they find the session of the user they run as.
export LANG="${LANG:-C.UTF-8}"
# qrexec-client-vm needs these; calls inherit them from the agent, other logins read them here. Never sourced: values may hold spaces.
if [ -z "${VCHAN_DOMAIN:-}" ] && [ -r /run/bulkhead/qube.env ]; then
  while IFS= read -r bulkhead_line; do
    case $bulkhead_line in
      VCHAN_DOMAIN=*) export VCHAN_DOMAIN="${bulkhead_line#*=}" ;;
      VCHAN_SOCKET_DIR=*) export VCHAN_SOCKET_DIR="${bulkhead_line#*=}" ;;
    esac
  done < /run/bulkhead/qube.env
  unset bulkhead_line
fi
if [ -O /run/user/1000 ]; then
  export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/1000}"
  export WAYLAND_DISPLAY="${WAYLAND_DISPLAY:-wayland-0}"
  export XDG_SESSION_TYPE=wayland
  export DBUS_SESSION_BUS_ADDRESS="${DBUS_SESSION_BUS_ADDRESS:-unix:path=/run/user/1000/bus}"
  # A first call may come half a second before the compositor: a program with windows would fail. Later a missing one is an error of its own.
  if [ -x /usr/lib/bulkhead/bulkhead-gui-agent ]; then
    while [ ! -S /run/user/1000/wayland-0 ] && read -r bulkhead_uptime _ < /proc/uptime && [ "${bulkhead_uptime%.*}" -lt 60 ]; do
      sleep 0.05
    done
    unset bulkhead_uptime
  fi
fi
