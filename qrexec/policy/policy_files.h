// PolicyFiles: all that the loader may do with files. The disk in programs, a map in tests and in the fuzzer.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/error.h"

namespace bh::policy {

class PolicyFiles {
 public:
  enum class Kind { missing, file, folder, other };
  struct Entry {
    std::string name;
    Kind kind = Kind::other;  // after following links
  };

  virtual ~PolicyFiles() = default;
  [[nodiscard]] virtual Result<std::vector<Entry>> list(std::string const& folder) const = 0;
  [[nodiscard]] virtual Result<Kind> kind(std::string const& path) const = 0;
  // Refused when longer than `cap`.
  [[nodiscard]] virtual Result<std::string> read(std::string const& path, std::size_t cap) const = 0;
};

class DiskPolicyFiles final : public PolicyFiles {
 public:
  [[nodiscard]] Result<std::vector<Entry>> list(std::string const& folder) const override;
  [[nodiscard]] Result<Kind> kind(std::string const& path) const override;
  [[nodiscard]] Result<std::string> read(std::string const& path, std::size_t cap) const override;
};

}  // namespace bh::policy
