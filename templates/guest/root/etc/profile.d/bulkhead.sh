# shellcheck shell=sh
# Calls run in login shells: this is how they find the session of the user they run as.
export LANG="${LANG:-C.UTF-8}"
if [ -z "${XDG_RUNTIME_DIR:-}" ] && [ -O /run/user/1000 ]; then
  export XDG_RUNTIME_DIR=/run/user/1000
  export WAYLAND_DISPLAY="${WAYLAND_DISPLAY:-wayland-0}"
  export XDG_SESSION_TYPE=wayland
  export DBUS_SESSION_BUS_ADDRESS="${DBUS_SESSION_BUS_ADDRESS:-unix:path=/run/user/1000/bus}"
fi
