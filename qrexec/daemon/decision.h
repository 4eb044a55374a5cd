// What one request of the qube leads to: the policy is asked and its answer carried out (qrexec.md 8). Runs in a process of its
// own, because it waits for people and for qubes that start; its exit code tells the daemon.
#pragma once

#include "qrexec/daemon/daemon_options.h"
#include "qrexec/protocol/trigger_codec.h"

namespace bh::qrexec {

// 0: answered. Anything else: the daemon refuses the request. For a service of dom0 this process becomes qrexec-client.
int decide_and_carry_out(DaemonOptions const& options, TriggerRequest const& request);

}  // namespace bh::qrexec
