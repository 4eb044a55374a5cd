// One call in the guest, from the data connection to the exit code. Runs in a process of its own, which is QREXEC_AGENT_PID to what it starts.
#pragma once

#include "base/unique_fd.h"
#include "qrexec/protocol/control_codec.h"
#include "qrexec/stream/vchan_place.h"

namespace bh::qrexec {

// `alive`: see agent_line.h; it is closed when the data connection is over, which may be long before a JUST_EXEC program ends. The exit code.
int handle_call(VchanPlace const& place, Exec const& exec, UniqueFd alive);

}  // namespace bh::qrexec
