#include "qrexec/daemon/local_names.h"

#include "base/posix_io.h"
#include "base/unix_socket.h"

namespace bh::qrexec {

namespace {
constexpr int kBacklog = 64;
constexpr unsigned kMode = 0660;
}  // namespace

Result<LocalNames> LocalNames::create(DaemonOptions const& options) {
  LocalNames names;
  std::string const file = "qrexec." + std::to_string(options.domain.value());
  BH_TRY(listener, listen_unix(options.socket_folder / file, kBacklog, kMode));
  BH_CHECK(set_nonblocking(listener, true));
  names.listener_ = std::move(listener);
  names.paths_.push_back(options.socket_folder / file);
  for (std::string const& alias : {"qrexec.uuid:" + options.uuid, "qrexec." + options.name}) {
    auto const path = options.socket_folder / alias;
    if (path == names.paths_.front()) continue;
    std::error_code error;
    std::filesystem::remove(path, error);
    std::filesystem::create_symlink(file, path, error);
    if (error) return Failure{Error{"cannot make the link " + path.string() + ": " + error.message(), error.value()}};
    names.paths_.push_back(path);
  }
  return names;
}

LocalNames::~LocalNames() {
  std::error_code ignored;
  for (auto path = paths_.rbegin(); path != paths_.rend(); ++path) std::filesystem::remove(*path, ignored);
}

}  // namespace bh::qrexec
