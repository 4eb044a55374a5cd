// The daemon's local socket qrexec.DOMID and its other names qrexec.NAME and qrexec.uuid:UUID. They exist exactly while the agent does.
#pragma once

#include <vector>

#include "base/unique_fd.h"
#include "qrexec/daemon/daemon_options.h"

namespace bh::qrexec {

class LocalNames {
 public:
  // The name comes last: who sees qrexec.NAME can connect (docs/architecture.md, "Started").
  static Result<LocalNames> create(DaemonOptions const& options);
  LocalNames(LocalNames&& other) noexcept : listener_(std::move(other.listener_)), paths_(std::exchange(other.paths_, {})) {}
  LocalNames& operator=(LocalNames&&) = delete;
  ~LocalNames();
  [[nodiscard]] UniqueFd const& listener() const { return listener_; }

 private:
  LocalNames() = default;
  UniqueFd listener_;
  std::vector<std::filesystem::path> paths_;
};

}  // namespace bh::qrexec
