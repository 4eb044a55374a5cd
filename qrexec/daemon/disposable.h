// A disposable made for one call: created, started, and killed when the call has ended, whatever its end.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/posix_io.h"

namespace bh::qrexec {

class Disposable {
 public:
  // `target` is the policy's "@dispvm:TEMPLATE". What was begun and failed is cleared away.
  static Result<Disposable> start(std::filesystem::path const& admin_socket, std::string_view target, Deadline deadline);
  Disposable(Disposable&& other) noexcept : admin_socket_(std::move(other.admin_socket_)), name_(std::exchange(other.name_, {})) {}
  Disposable& operator=(Disposable&&) = delete;
  // Kills the qube; bulkheadd removes what is left of it.
  ~Disposable();
  [[nodiscard]] std::string const& name() const { return name_; }

 private:
  Disposable(std::filesystem::path admin_socket, std::string name) : admin_socket_(std::move(admin_socket)), name_(std::move(name)) {}
  std::filesystem::path admin_socket_;
  std::string name_;
};

}  // namespace bh::qrexec
