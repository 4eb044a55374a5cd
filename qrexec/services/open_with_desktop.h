// Hands a file or a URL to the qube's own desktop opener (xdg-open) and waits for whoever works on it.
#pragma once

#include <string>

#include "base/error.h"

namespace bh::open {

// Returns when the opener has ended well and no process whose command line holds `what` is left: openers and editors hand their work to
// others and end early. As long as the user takes; no timer runs meanwhile. An error: there is no opener, or it failed.
Result<void> open_with_desktop(std::string const& what);

}  // namespace bh::open
