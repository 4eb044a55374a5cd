// bulkheadd as the qrexec programs see it: system information from a text, and a list of what else was asked.
#pragma once

#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace bh::qrexec_test {

class FakeAdmin {
 public:
  // `system` answers internal.GetSystemInfo; `other` any other request (without its NUL).
  FakeAdmin(std::filesystem::path const& socket, std::string system, std::function<std::string(std::string const&)> other);
  ~FakeAdmin();
  // Requests but those for system information, in order.
  [[nodiscard]] std::vector<std::string> asked();

  static std::string ok() { return std::string("0\0", 2); }
  static std::string exception(std::string const& type, std::string const& text);

 private:
  void serve();
  std::string system_;
  std::function<std::string(std::string const&)> other_;
  UniqueFd listener_;
  std::mutex mutex_;
  std::vector<std::string> asked_;
  std::thread thread_;
};

}  // namespace bh::qrexec_test
