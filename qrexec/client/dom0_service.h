// Services of dom0: run for a qube's request (-c), or for dom0 itself.
#pragma once

#include "qrexec/client/client_options.h"

namespace bh::qrexec {

// The qube's request is answered and served here, to its end. 0, or 125.
int serve_request_in_dom0(ClientOptions const& options);
// dom0 calls itself: the service gets our standard streams; its exit code.
int run_in_dom0(ClientOptions const& options);

}  // namespace bh::qrexec
