// Texts that decide what runs: commands, rpc-config files, TCP links, policy answers.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "qrexec/daemon/policy_answer.h"
#include "qrexec/service/command.h"
#include "qrexec/service/service_config.h"
#include "qrexec/service/tcp_target.h"

using namespace bh::qrexec;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const text(reinterpret_cast<char const*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 0: {
      auto const command = parse_vm_command(text);
      if (!command) break;
      auto const* call = std::get_if<ServiceCall>(&command->what);
      // The descriptor is used as a file name.
      if (call != nullptr && (call->name.empty() || call->descriptor.find('/') != std::string::npos)) std::abort();
      break;
    }
    case 1: (void)parse_service_config(text); break;
    case 2: {
      std::size_t const cut = text.find('\n');
      if (cut == std::string_view::npos || !is_tcp_link(text.substr(0, cut))) break;
      auto const target = parse_tcp_target(text.substr(0, cut), text.substr(cut + 1));
      if (target && (target->port == 0 || target->host.empty())) std::abort();
      break;
    }
    default: {
      auto const answer = parse_policy_answer(text);
      if (!answer) break;
      auto const* allow = std::get_if<PolicyAllow>(&*answer);
      if (allow != nullptr && (allow->user.find(':') != std::string::npos || allow->target.find(' ') != std::string::npos)) std::abort();
      break;
    }
  }
  return 0;
}
