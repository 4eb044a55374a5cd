#include "gui-daemon/agent/app/open_memory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "base/posix_io.h"

namespace bh::gui_agent {

namespace {
constexpr std::string_view kVendor = "0x1af4\n";
constexpr std::string_view kDevice = "0x1110\n";

bool holds(std::filesystem::path const& file, std::string_view wanted) {
  auto const content = read_file(file, 64);
  return content && *content == wanted;
}
}  // namespace

Result<Mapping> map_descriptor(UniqueFd const& fd) {
  struct stat status {};
  if (::fstat(fd.borrow(), &status) != 0) return Failure{Error::from_errno("read the size of the window memory")};
  if (status.st_size <= 0) return Failure{Error{"the window memory is empty"}};
  return Mapping::map(fd, static_cast<std::size_t>(status.st_size), Mapping::Access::read_write);
}

Result<Mapping> map_path(std::filesystem::path const& path) {
  auto fd = open_file(path, O_RDWR);
  if (!fd) return Failure{std::move(fd).error().in("window memory; the service's root helper must have given it to this user")};
  return map_descriptor(*fd);
}

Result<std::filesystem::path> find_window_memory(std::filesystem::path const& devices) {
  std::error_code error;
  std::vector<std::filesystem::path> found;
  for (auto const& entry : std::filesystem::directory_iterator(devices, error)) {
    if (holds(entry.path() / "vendor", kVendor) && holds(entry.path() / "device", kDevice)) found.push_back(entry.path());
  }
  if (found.empty()) {
    return Failure{Error{"no window memory: no PCI device 1af4:1110 below " + devices.string() +
                         "; is this a qube? Otherwise give --window-memory or --memory-fd"}};
  }
  return *std::min_element(found.begin(), found.end()) / "resource2_wc";
}

}  // namespace bh::gui_agent
