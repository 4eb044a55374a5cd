#include "qrexec/service/tcp_target.h"

#include <algorithm>

#include "base/number.h"

namespace bh::qrexec {

namespace {

constexpr std::string_view kPrefix = "/dev/tcp";

Result<TcpTarget, std::string> checked(std::string host, std::string_view port) {
  auto const number = parse_decimal(port, 65535);
  if (!number || *number == 0) return Failure{std::string("the port must be a number from 1 to 65535")};
  if (host.empty()) return Failure{std::string("the host is missing")};
  bool const numeric = std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' || c == ':';
  });
  if (!numeric) return Failure{std::string("the host must be a numeric address")};
  return TcpTarget{std::move(host), static_cast<std::uint16_t>(*number)};
}

}  // namespace

bool is_tcp_link(std::string_view link_text) {
  return link_text == kPrefix || link_text.starts_with(std::string(kPrefix) + '/');
}

Result<TcpTarget, std::string> parse_tcp_target(std::string_view link_text, std::optional<std::string_view> argument) {
  std::string_view const given = argument.value_or(std::string_view{});
  if (link_text == kPrefix) {
    std::size_t const plus = given.rfind('+');
    if (plus == std::string_view::npos) return Failure{std::string("the argument must be HOST+PORT")};
    std::string host(given.substr(0, plus));
    std::replace(host.begin(), host.end(), '+', ':');
    return checked(std::move(host), given.substr(plus + 1));
  }
  std::string_view const rest = link_text.substr(kPrefix.size() + 1);
  if (rest.empty()) return Failure{std::string("the link ends after /dev/tcp/")};
  std::size_t const slash = rest.find('/');
  if (slash == std::string_view::npos) {
    if (given.empty()) return Failure{std::string("the port is neither in the link nor in the argument")};
    return checked(std::string(rest), given);
  }
  if (!given.empty()) return Failure{std::string("the link names host and port, so no argument is allowed")};
  return checked(std::string(rest.substr(0, slash)), rest.substr(slash + 1));
}

}  // namespace bh::qrexec
