// TRIGGER_SERVICE in its three forms (qrexec.md 2.2, 3, 5): a VM asks for a service.
// GUARD (R21, R23): the most hostile message there is: lengths, terminators and characters are all the VM's choice.
#pragma once

#include <optional>
#include <string>

#include "qrexec/protocol/control_codec.h"

namespace bh::qrexec {

// A request fit to be judged: what the policy sees is what the handler gets.
struct TriggerRequest {
  Ident ident;
  SourceName source;  // empty: the VM itself
  TargetName target;  // empty: the default
  ServiceDescriptor service;
};

struct Trigger {
  RawIdent ident;  // echoed by a refusal
  Result<TriggerRequest, BadName> request;
};

// The daemon's view; `truncated` or `unexpected_type` end the connection, a bad name in `request` is refused.
Result<Trigger, CodecError> decode_trigger(Frame const& frame);

// The agent's view of its own users' requests. It checks nothing but the form, replaces the ident and passes all other bytes on.
// For older daemons it converts; an Error text says why that cannot be.
struct Forwarded {
  Bytes frame;
};
enum class ForwardError { source_needs_version_4, name_too_long_for_version_2, truncated };
[[nodiscard]] char const* to_string(ForwardError error);
Result<Forwarded, ForwardError> forward_trigger(ByteSpan body4, Ident const& ident, std::uint32_t version);

// What qrexec-client-vm sends to its agent.
struct LocalRequest {
  std::string source;   // empty: the VM itself
  std::string target;
  std::string service;
};
enum class RequestError { target_too_long, source_too_long, service_too_long, service_empty, nul_inside };
[[nodiscard]] char const* to_string(RequestError error);
Result<Bytes, RequestError> encode_local_request(LocalRequest const& request);

}  // namespace bh::qrexec
