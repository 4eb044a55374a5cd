// Messages of the control channel (agent <-> daemon) and of the daemon's local socket (client <-> daemon): qrexec.md 2, 3, 7.
// Bodies come out of a FrameReader, whose table has checked type and length already.
#pragma once

#include <string>
#include <variant>

#include "hypervisor/vchan/channel_name.h"
#include "qrexec/protocol/frame.h"
#include "qrexec/protocol/names.h"

namespace bh::qrexec {

enum class CodecError { truncated, bad_domain, no_terminator, inner_nul, bad_ident, unexpected_type };
[[nodiscard]] char const* to_string(CodecError error);

// The other end of a call and where to meet it.
struct CallAddress {
  DomainId domain;
  vchan::Port port;
  friend bool operator==(CallAddress const&, CallAddress const&) = default;
};

struct Hello {
  std::uint32_t version;
};
// JUST_EXEC: no streams, the result is 0 as soon as it runs.
enum class ExecMode : std::uint8_t { with_streams, just_exec };
struct Exec {
  ExecMode mode;
  CallAddress other_end;
  std::string command;  // "user:..." without its NUL; no NUL inside
};
struct ServiceConnect {
  CallAddress other_end;
  Ident ident;
};
struct ServiceRefused {
  RawIdent ident;
};
struct ConnectionTerminated {
  CallAddress other_end;
};
// The daemon's answer to a client: meet the VM there.
struct Assigned {
  MessageType request;
  CallAddress address;
};

using ToAgent = std::variant<Exec, ServiceConnect, ServiceRefused>;
using FromClient = std::variant<Exec, ServiceConnect>;

Result<Hello, CodecError> decode_hello(Frame const& frame);
Result<ToAgent, CodecError> decode_to_agent(Frame const& frame);
Result<FromClient, CodecError> decode_from_client(Frame const& frame);
Result<Assigned, CodecError> decode_assigned(Frame const& frame);
Result<ConnectionTerminated, CodecError> decode_terminated(Frame const& frame);

[[nodiscard]] Bytes encode(Hello const& message);
[[nodiscard]] Bytes encode(Exec const& message);
[[nodiscard]] Bytes encode(ServiceConnect const& message);
[[nodiscard]] Bytes encode(ServiceRefused const& message);
[[nodiscard]] Bytes encode(ConnectionTerminated const& message);
[[nodiscard]] Bytes encode(Assigned const& message);
// What the agent's trigger socket answers: the 8 bytes alone, without a header.
[[nodiscard]] Bytes encode_meeting_point(CallAddress const& address);
Result<CallAddress, CodecError> decode_meeting_point(ByteSpan bytes);

}  // namespace bh::qrexec
