// doctor's checks of Bulkhead's own: what the host's files cannot tell. Every one is looked at, not assumed.
#pragma once

#include <string>

#include "base/error.h"
#include "dom0/cli/display_probe/display_answer.h"
#include "dom0/cli/session.h"
#include "hypervisor/host/finding.h"
#include "hypervisor/jail/host_level.h"

namespace bh::cli {

[[nodiscard]] host::Finding daemon_check(Session const& session);
// Which accelerator machines run under, as bulkheadd's probe found; `answers`: bulkheadd does.
[[nodiscard]] host::Finding accel_check(Session const& session, bool answers);
// How far a qube's QEMU can be shut in by whoever asks. Pure.
[[nodiscard]] host::Finding jail_check(Result<jail::JailPlan> const& plan);
[[nodiscard]] host::Finding mode_check(Session const& session);
[[nodiscard]] host::Finding programs_check(Session const& session);
[[nodiscard]] host::Finding template_check(Session const& session);
[[nodiscard]] host::Finding policy_check(Session const& session);
[[nodiscard]] host::Finding pool_check(Session const& session);

// Names of display servers that the environment gives.
struct DisplayNames {
  std::string x11;      // DISPLAY
  std::string wayland;  // WAYLAND_DISPLAY
};
[[nodiscard]] DisplayNames display_names();
// Runs bulkhead-display-probe, with a deadline.
Result<DisplayAnswer> ask_displays(Session const& session);
// Pure.
[[nodiscard]] host::Findings judge_displays(DisplayNames const& names, Result<DisplayAnswer> const& answer);

}  // namespace bh::cli
