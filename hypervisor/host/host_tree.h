// The files a host tells of itself with, below a folder that is "/" or a test's tree. Absence is an answer (nullopt), not an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bh::host {

class HostTree {
 public:
  explicit HostTree(std::filesystem::path root) : root_(std::move(root)) {}

  [[nodiscard]] std::filesystem::path path(std::string_view inside) const { return root_ / inside; }
  [[nodiscard]] bool exists(std::string_view inside) const;
  // Whole content, at most 4 MiB (/proc/cpuinfo of a large machine).
  [[nodiscard]] std::optional<std::string> text(std::string_view inside) const;
  // The first line.
  [[nodiscard]] std::optional<std::string> line(std::string_view inside) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view inside) const;
  // Names in a folder, sorted; nullopt if it cannot be read.
  [[nodiscard]] std::optional<std::vector<std::string>> names(std::string_view inside) const;
  // Permission bits of the file itself.
  [[nodiscard]] std::optional<unsigned> mode(std::string_view inside) const;

 private:
  std::filesystem::path root_;
};

}  // namespace bh::host
