#include "qrexec/stream/vchan_place.h"

#include <cstdlib>
#include <optional>
#include <string>

#include "base/paths.h"
#include "base/posix_io.h"

namespace bh::qrexec {

namespace {

constexpr char const* kGuestFile = "/run/bulkhead/qube.env";
constexpr std::size_t kMaxGuestFile = 64 * 1024;

std::optional<std::string> variable(char const* name) {
  char const* const value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

std::optional<std::string> line_of(std::string const& content, std::string const& key) {
  std::size_t const at = ("\n" + content).find("\n" + key + "=");
  if (at == std::string::npos) return std::nullopt;
  std::size_t const begin = at + key.size() + 1;
  return content.substr(begin, content.find('\n', begin) - begin);
}

Result<VchanPlace> place_of(std::string const& folder, std::string const& domain) {
  auto const own = parse_domain_id(domain);
  if (!own) return Failure{Error{"VCHAN_DOMAIN is '" + domain + "', which is no domain number", 0}};
  return VchanPlace{folder, *own};
}

}  // namespace

Result<VchanPlace> VchanPlace::of_dom0() {
  std::string const folder = variable("VCHAN_SOCKET_DIR").value_or(Paths::from_environment().vchan_sockets().string());
  return place_of(folder, variable("VCHAN_DOMAIN").value_or("0"));
}

Result<VchanPlace> VchanPlace::of_guest() {
  auto folder = variable("VCHAN_SOCKET_DIR");
  auto domain = variable("VCHAN_DOMAIN");
  if (!folder || !domain) {
    auto const content = read_file(kGuestFile, kMaxGuestFile);
    if (!content) {
      return Failure{Error{"VCHAN_DOMAIN and VCHAN_SOCKET_DIR are not set, and the qube's own settings cannot be read: " +
                               content.error().message, content.error().errno_value}};
    }
    if (!folder) folder = line_of(*content, "VCHAN_SOCKET_DIR");
    if (!domain) domain = line_of(*content, "VCHAN_DOMAIN");
  }
  if (!folder || !domain) return Failure{Error{std::string(kGuestFile) + " lacks VCHAN_DOMAIN or VCHAN_SOCKET_DIR", 0}};
  return place_of(*folder, *domain);
}

}  // namespace bh::qrexec
