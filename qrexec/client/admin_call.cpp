#include "qrexec/client/admin_call.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/display_text.h"
#include "base/unix_socket.h"

namespace bh::qrexec {

namespace {

constexpr std::size_t kMaxAnswer = 64 * 1024;

Result<std::string> read_answer(UniqueFd const& socket, Deadline deadline) {
  std::string answer;
  std::byte buffer[4096];
  for (;;) {
    BH_TRY(ready, wait_for(socket, POLLIN, deadline));
    if (!ready) return Failure{Error{"bulkheadd does not answer", ETIMEDOUT}};
    BH_TRY(got, read_some(socket, buffer));
    if (got == 0) return answer;
    answer += as_text(ByteSpan(buffer, got));
    if (answer.size() > kMaxAnswer) return Failure{Error{"bulkheadd's answer is too long", EPROTO}};
  }
}

}  // namespace

Result<std::string> admin_call(std::filesystem::path const& socket_path, AdminMethod const& method, std::string const& qube,
                        Deadline deadline) {
  BH_TRY(socket, connect_unix(socket_path));
  BH_CHECK(write_all(socket, as_bytes(method.name + "+ dom0 name " + qube + '\0')));
  ::shutdown(socket.borrow(), SHUT_WR);
  BH_TRY(answer, read_answer(socket, deadline));
  if (answer.starts_with(std::string_view("0\0", 2))) return answer.substr(2);
  if (!answer.starts_with(std::string_view("2\0", 2))) return Failure{Error{method.name + ": bulkheadd gave no answer", EPROTO}};
  std::string text = answer.substr(2);
  std::replace(text.begin(), text.end(), '\0', ' ');
  return Failure{Error{for_display(text, 500), 0}};
}

}  // namespace bh::qrexec
