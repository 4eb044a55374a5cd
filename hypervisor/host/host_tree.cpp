#include "hypervisor/host/host_tree.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/number.h"
#include "base/posix_io.h"

namespace bh::host {

bool HostTree::exists(std::string_view inside) const {
  std::error_code error;
  return std::filesystem::exists(path(inside), error);
}

std::optional<std::string> HostTree::text(std::string_view inside) const {
  auto content = read_file(path(inside), std::size_t{4} << 20U);
  return content ? std::optional<std::string>(*std::move(content)) : std::nullopt;
}

std::optional<std::string> HostTree::line(std::string_view inside) const {
  auto content = text(inside);
  if (content) content->resize(std::min(content->size(), content->find('\n')));
  return content;
}

std::optional<std::uint64_t> HostTree::number(std::string_view inside) const {
  auto const content = line(inside);
  return content ? parse_decimal(*content) : std::nullopt;
}

std::optional<std::vector<std::string>> HostTree::names(std::string_view inside) const {
  std::error_code error;
  std::filesystem::directory_iterator entries(path(inside), error);
  if (error) return std::nullopt;
  std::vector<std::string> found;
  for (; entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    if (error) return std::nullopt;
    found.push_back(entries->path().filename().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<unsigned> HostTree::mode(std::string_view inside) const {
  struct stat facts {};
  if (::stat(path(inside).c_str(), &facts) != 0) return std::nullopt;
  return static_cast<unsigned>(facts.st_mode) & 07777U;
}

}  // namespace bh::host
