// The name of one vchan: who serves, who may connect, at which port. On disk it is a socket file's name (qrexec.md 14).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hypervisor/vchan/domain.h"

namespace bh::vchan {

// Chosen by the part that uses it: qrexec control 512, qrexec data from 513 up, windows 6000.
using Port = StrongNumber<struct PortTag, std::uint32_t>;

struct ChannelName {
  DomainId server;
  DomainId client;
  Port port;
  friend auto operator<=>(ChannelName const&, ChannelName const&) = default;

  // "vchan.SERVER.CLIENT.PORT.sock"
  [[nodiscard]] std::string file_name() const;
  // Exactly the form above, decimal without leading zeroes; nullopt for any other file.
  static std::optional<ChannelName> parse(std::string_view file_name);
};

}  // namespace bh::vchan
