#include "qrexec/protocol/control_codec.h"

#include <algorithm>

namespace bh::qrexec {

namespace {

// GUARD (H15): numbers of domains come from a peer; what is no domain's number goes no further.
Result<CallAddress, CodecError> read_address(ByteReader& reader) {
  auto const domain = reader.u32_le();
  auto const port = reader.u32_le();
  if (!domain || !port) return Failure{CodecError::truncated};
  if (*domain > kMaxDomainId) return Failure{CodecError::bad_domain};
  return CallAddress{DomainId(static_cast<std::uint16_t>(*domain)), vchan::Port(*port)};
}

Result<std::string, CodecError> read_terminated_text(ByteReader& reader) {
  std::string_view const text = as_text(reader.rest());
  if (text.empty() || text.back() != '\0') return Failure{CodecError::no_terminator};
  std::string_view const body = text.substr(0, text.size() - 1);
  // GUARD: what is judged and what is run must be the same bytes; a C string would end at an inner NUL.
  if (body.find('\0') != std::string_view::npos) return Failure{CodecError::inner_nul};
  return std::string(body);
}

// The ident field of SERVICE_CONNECT: text and NUL, or the full 32 bytes padded with zeroes.
Result<Ident, CodecError> read_ident(ByteReader& reader) {
  std::string_view const text = as_text(reader.rest());
  std::size_t const end = text.find('\0');
  if (end == std::string_view::npos) return Failure{CodecError::no_terminator};
  if (text.find_first_not_of('\0', end) != std::string_view::npos) return Failure{CodecError::inner_nul};
  auto ident = Ident::parse(text.substr(0, end));
  if (!ident) return Failure{CodecError::bad_ident};
  return *std::move(ident);
}

Result<Exec, CodecError> decode_exec(Frame const& frame) {
  ByteReader reader(frame.body);
  BH_TRY(address, read_address(reader));
  BH_TRY(command, read_terminated_text(reader));
  return Exec{frame.type == MessageType::just_exec ? ExecMode::just_exec : ExecMode::with_streams, address, std::move(command)};
}

Result<ServiceConnect, CodecError> decode_connect(Frame const& frame) {
  ByteReader reader(frame.body);
  BH_TRY(address, read_address(reader));
  BH_TRY(ident, read_ident(reader));
  return ServiceConnect{address, std::move(ident)};
}

ByteWriter address_bytes(CallAddress const& address) {
  ByteWriter writer;
  writer.u32_le(address.domain.value()).u32_le(address.port.value());
  return writer;
}

MessageType type_of(ExecMode mode) {
  return mode == ExecMode::just_exec ? MessageType::just_exec : MessageType::exec_cmdline;
}

}  // namespace

char const* to_string(CodecError error) {
  switch (error) {
    case CodecError::truncated: return "the message is too short";
    case CodecError::bad_domain: return "the message names an impossible domain number";
    case CodecError::no_terminator: return "a text in the message does not end with a NUL";
    case CodecError::inner_nul: return "a text in the message holds a NUL";
    case CodecError::bad_ident: return "the request id holds a character that is not allowed";
    case CodecError::unexpected_type: return "the message was not expected now";
  }
  return "bad message";
}

Result<Hello, CodecError> decode_hello(Frame const& frame) {
  if (frame.type != MessageType::hello) return Failure{CodecError::unexpected_type};
  auto const version = ByteReader(frame.body).u32_le();
  if (!version) return Failure{CodecError::truncated};
  return Hello{*version};
}

Result<ToAgent, CodecError> decode_to_agent(Frame const& frame) {
  if (frame.type == MessageType::exec_cmdline || frame.type == MessageType::just_exec) {
    BH_TRY(exec, decode_exec(frame));
    return ToAgent(std::move(exec));
  }
  if (frame.type == MessageType::service_connect) {
    BH_TRY(connect, decode_connect(frame));
    return ToAgent(std::move(connect));
  }
  ServiceRefused refused{};
  if (frame.type != MessageType::service_refused) return Failure{CodecError::unexpected_type};
  if (frame.body.size() != refused.ident.size()) return Failure{CodecError::truncated};
  std::copy(frame.body.begin(), frame.body.end(), refused.ident.begin());
  return ToAgent(refused);
}

Result<FromClient, CodecError> decode_from_client(Frame const& frame) {
  if (frame.type == MessageType::exec_cmdline || frame.type == MessageType::just_exec) {
    BH_TRY(exec, decode_exec(frame));
    return FromClient(std::move(exec));
  }
  if (frame.type != MessageType::service_connect) return Failure{CodecError::unexpected_type};
  BH_TRY(connect, decode_connect(frame));
  return FromClient(std::move(connect));
}

Result<Assigned, CodecError> decode_assigned(Frame const& frame) {
  if (frame.type == MessageType::hello) return Failure{CodecError::unexpected_type};
  BH_TRY(address, decode_meeting_point(frame.body));
  return Assigned{frame.type, address};
}

Result<ConnectionTerminated, CodecError> decode_terminated(Frame const& frame) {
  if (frame.type != MessageType::connection_terminated) return Failure{CodecError::unexpected_type};
  BH_TRY(address, decode_meeting_point(frame.body));
  return ConnectionTerminated{address};
}

Result<CallAddress, CodecError> decode_meeting_point(ByteSpan bytes) {
  ByteReader reader(bytes);
  return read_address(reader);
}

Bytes encode(Hello const& message) {
  ByteWriter body;
  body.u32_le(message.version);
  return encode_frame(MessageType::hello, body.view());
}

Bytes encode(Exec const& message) {
  ByteWriter body = address_bytes(message.other_end);
  body.text(message.command).u8(0);
  return encode_frame(type_of(message.mode), body.view());
}

Bytes encode(ServiceConnect const& message) {
  ByteWriter body = address_bytes(message.other_end);
  body.text(message.ident.text()).u8(0);
  return encode_frame(MessageType::service_connect, body.view());
}

Bytes encode(ServiceRefused const& message) { return encode_frame(MessageType::service_refused, message.ident); }

Bytes encode(ConnectionTerminated const& message) {
  return encode_frame(MessageType::connection_terminated, address_bytes(message.other_end).view());
}

Bytes encode(Assigned const& message) { return encode_frame(message.request, address_bytes(message.address).view()); }

Bytes encode_meeting_point(CallAddress const& address) { return address_bytes(address).take(); }

}  // namespace bh::qrexec
