// qubes.WaitForSession before a service that asks for it (qrexec.md 10.4).
#pragma once

#include "qrexec/service/launch.h"

namespace bh::qrexec {

// Runs it to its end, whatever its result; returns early, false, when `caller` hangs up. There is no deadline but that:
// a session may wait for a person to log in.
bool wait_for_session(ServicePlace const& place, LaunchPlan const& plan, UniqueFd const& caller);

}  // namespace bh::qrexec
