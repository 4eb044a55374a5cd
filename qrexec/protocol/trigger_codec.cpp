#include "qrexec/protocol/trigger_codec.h"

#include <algorithm>

namespace bh::qrexec {

namespace {

// Widths of the fixed fields, in wire order.
constexpr std::size_t kParty = 64;
constexpr std::size_t kIdent = 32;
constexpr std::size_t kService2 = 64;
constexpr std::size_t kTarget2 = 32;

struct Fields {
  ByteSpan source, target, ident, service;
};

Result<Fields, BytesError> split(MessageType type, ByteSpan body) {
  ByteReader reader(body);
  Fields fields;
  if (type == MessageType::trigger_service2) {
    BH_TRY(service, reader.take(kService2));
    BH_TRY(target, reader.take(kTarget2));
    BH_TRY(ident, reader.take(kIdent));
    return Fields{{}, target, ident, service};
  }
  if (type == MessageType::trigger_service4) {
    BH_TRY(source, reader.take(kParty));
    fields.source = source;
  }
  BH_TRY(target, reader.take(kParty));
  BH_TRY(ident, reader.take(kIdent));
  return Fields{fields.source, target, ident, reader.rest()};
}

Result<std::string_view, BadName> service_text(MessageType type, ByteSpan field) {
  std::string_view const text = as_text(field);
  if (type == MessageType::trigger_service2) {
    // Version 2 has a fixed field; its last byte counts as NUL.
    std::string_view const cut = text.substr(0, text.size() - 1);
    return cut.substr(0, cut.find('\0'));
  }
  if (text.empty()) return Failure{BadName::empty};
  if (text.back() != '\0') return Failure{BadName::no_terminator};
  return text.substr(0, text.size() - 1);
}

Result<TriggerRequest, BadName> checked_request(MessageType type, Fields const& fields, RawIdent const& raw) {
  BH_TRY(ident, Ident::parse(raw));
  BH_TRY(text, service_text(type, fields.service));
  BH_TRY(service, ServiceDescriptor::sanitise(text));
  return TriggerRequest{std::move(ident), SourceName::sanitise(fields.source), TargetName::sanitise(fields.target),
                        std::move(service)};
}

bool only_zeroes(ByteSpan field) {
  return std::all_of(field.begin(), field.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

Result<Trigger, CodecError> decode_trigger(Frame const& frame) {
  if (frame.type != MessageType::trigger_service2 && frame.type != MessageType::trigger_service3 &&
      frame.type != MessageType::trigger_service4) {
    return Failure{CodecError::unexpected_type};
  }
  auto const fields = split(frame.type, frame.body);
  if (!fields) return Failure{CodecError::truncated};
  RawIdent raw{};
  std::copy(fields->ident.begin(), fields->ident.end(), raw.begin());
  return Trigger{raw, checked_request(frame.type, *fields, raw)};
}

char const* to_string(ForwardError error) {
  switch (error) {
    case ForwardError::source_needs_version_4: return "dom0's qrexec is too old for --source-qube";
    case ForwardError::name_too_long_for_version_2: return "the service or target name is too long for dom0's old qrexec";
    case ForwardError::truncated: return "the request is too short";
  }
  return "the request cannot be passed on";
}

Result<Forwarded, ForwardError> forward_trigger(ByteSpan body4, Ident const& ident, std::uint32_t version) {
  auto const fields = split(MessageType::trigger_service4, body4);
  if (!fields) return Failure{ForwardError::truncated};
  RawIdent const id = ident.raw();
  ByteWriter body;
  if (version >= 4) {
    body.bytes(fields->source).bytes(fields->target).bytes(id).bytes(fields->service);
    return Forwarded{encode_frame(MessageType::trigger_service4, body.view())};
  }
  if (!only_zeroes(fields->source)) return Failure{ForwardError::source_needs_version_4};
  if (version == 3) {
    body.bytes(fields->target).bytes(id).bytes(fields->service);
    return Forwarded{encode_frame(MessageType::trigger_service3, body.view())};
  }
  if (fields->service.size() > kService2 || !only_zeroes(fields->target.subspan(kTarget2 - 1))) {
    return Failure{ForwardError::name_too_long_for_version_2};
  }
  body.bytes(fields->service);
  for (std::size_t i = fields->service.size(); i < kService2; ++i) body.u8(0);
  body.bytes(fields->target.first(kTarget2)).bytes(id);
  return Forwarded{encode_frame(MessageType::trigger_service2, body.view())};
}

char const* to_string(RequestError error) {
  switch (error) {
    case RequestError::target_too_long: return "the target name has more than 63 characters";
    case RequestError::source_too_long: return "the source name has more than 63 characters";
    case RequestError::service_too_long: return "service and argument have more than 64999 characters";
    case RequestError::service_empty: return "the service name is empty";
    case RequestError::nul_inside: return "a name holds a NUL";
  }
  return "the request is bad";
}

Result<Bytes, RequestError> encode_local_request(LocalRequest const& request) {
  if (request.target.size() > kMaxPartyText) return Failure{RequestError::target_too_long};
  if (request.source.size() > kMaxPartyText) return Failure{RequestError::source_too_long};
  if (request.service.size() > kMaxServiceText) return Failure{RequestError::service_too_long};
  if (request.service.empty()) return Failure{RequestError::service_empty};
  if ((request.target + request.source + request.service).find('\0') != std::string::npos) {
    return Failure{RequestError::nul_inside};
  }
  ByteWriter body;
  body.fixed_text(request.source, kParty).fixed_text(request.target, kParty).fixed_text("SOCKET", kIdent);
  body.text(request.service).u8(0);
  return encode_frame(MessageType::trigger_service4, body.view());
}

}  // namespace bh::qrexec
