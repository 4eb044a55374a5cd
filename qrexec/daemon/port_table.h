// The data ports of one qube's daemon, 513..768 (qrexec.md 6).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "qrexec/protocol/control_codec.h"

namespace bh::qrexec {

using ClientId = StrongNumber<struct ClientTag, std::uint64_t>;

class PortTable {
 public:
  explicit PortTable(DomainId own) : own_(own) {}

  // Never the same twice, over all connections of the agent: a port that outlives its session must not name a later client.
  ClientId new_client() { return ClientId(++last_client_); }

  // The agent came anew. Ports of calls from before stay reserved, because their calls may still run; but since the agent may not tell their
  // end (qrexec.md 6), they are taken again where no other is left: what such a call still carries has its connection already.
  void begin_session() { ++session_; }

  // The lowest free port for calls with `other`. Between two qubes one takes the even ports and the other the odd ones, so that
  // both daemons can allocate without asking each other. nullopt: none is free.
  std::optional<vchan::Port> reserve(DomainId other, ClientId client);

  enum class Released : std::uint8_t { freed, not_reserved, impossible_port };
  struct Release {
    Released what;
    std::optional<ClientId> client;
  };
  // GUARD: the qube says which call ended; it may free only what was reserved for that very domain.
  Release release(CallAddress const& address);

 private:
  static constexpr std::uint32_t kFirst = 513;
  static constexpr std::size_t kCount = 256;
  struct Slot {
    DomainId other;
    ClientId client;
    std::uint64_t session;
  };
  DomainId own_;
  std::uint64_t last_client_ = 0;
  std::uint64_t session_ = 0;
  std::array<std::optional<Slot>, kCount> slots_;
};

}  // namespace bh::qrexec
