// A program of the distribution, for the rare path: formatting, repair, growing. Under TCG every process costs tens of milliseconds.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace bh::personal {

// The exit code. Its output goes to our standard error.
Result<int> run_tool(std::vector<std::string> argv);

}  // namespace bh::personal
