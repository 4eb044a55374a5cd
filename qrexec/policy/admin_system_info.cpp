#include "qrexec/policy/admin_system_info.h"

#include <sys/socket.h>

#include <array>

#include "base/display_text.h"
#include "base/unix_socket.h"

namespace bh::policy {
namespace {

Result<std::string> exchange(std::filesystem::path const& socket, Deadline deadline) {
  BH_TRY(connection, connect_unix(socket));
  BH_CHECK(write_all(connection, as_bytes(kSystemInfoRequest)));
  // The daemon answers at the end of our input.
  if (::shutdown(connection.borrow(), SHUT_WR) != 0) return Failure{Error::from_errno("end the request")};
  std::string reply;
  std::array<std::byte, 65536> chunk;
  for (;;) {
    BH_TRY(ready, wait_for(connection, POLLIN, deadline));
    if (!ready) return Failure{Error{"no answer in time", ETIMEDOUT}};
    BH_TRY(count, read_some(connection, chunk));
    if (count == 0) return reply;
    if (reply.size() + count > kMaxSystemInfo) return Failure{Error{"the answer is too long", EFBIG}};
    reply += as_text(std::span(chunk).first(count));
  }
}

}  // namespace

Result<SystemInfo, std::string> parse_system_info_reply(std::string_view reply) {
  if (reply.starts_with(std::string_view("0\0", 2))) return parse_system_info(reply.substr(2));
  if (reply.empty()) return Failure{std::string("it closed the connection without an answer")};
  return Failure{"it refused: " + for_display(reply, 300)};
}

Result<SystemInfo, std::string> ask_system_info(std::filesystem::path const& socket, Deadline deadline) {
  std::string const who = "the admin daemon at " + socket.string();
  auto reply = exchange(socket, deadline);
  if (!reply) return Failure{"cannot get system information from " + who + ": " + reply.error().message};
  auto info = parse_system_info_reply(*reply);
  if (!info) return Failure{who + ": " + info.error()};
  return info;
}

Result<SystemInfo, std::string> read_system_info(std::filesystem::path const& file) {
  auto const text = read_file(file, kMaxSystemInfo);
  if (!text) return Failure{text.error().message};
  auto info = parse_system_info(*text);
  if (!info) return Failure{file.string() + ": " + info.error()};
  return info;
}

}  // namespace bh::policy
