// The few Admin API calls that qrexec itself makes (admin-api.md 1): making, starting and killing a qube.
#pragma once

#include <filesystem>
#include <string>

#include "base/posix_io.h"

namespace bh::qrexec {

struct AdminMethod {
  std::string name;  // "admin.vm.Start"
};

// The answer's content. An exception of the Admin API is an Error whose message begins with its type.
Result<std::string> admin_call(std::filesystem::path const& socket, AdminMethod const& method, std::string const& qube, Deadline deadline);

}  // namespace bh::qrexec
