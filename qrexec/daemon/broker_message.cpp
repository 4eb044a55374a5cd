#include "qrexec/daemon/broker_message.h"

#include <array>
#include <string_view>

namespace bh::qrexec::broker {

namespace {

constexpr std::byte kStart{1};
constexpr std::byte kStop{2};

void add_text(Bytes& out, std::string_view text) {
  auto const bytes = as_bytes(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void add_number(Bytes& out, std::uint32_t number) {
  for (unsigned shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::byte>(number >> shift & 0xFF));
}

std::optional<std::uint32_t> number_in(ByteSpan bytes) {
  if (bytes.size() != 4) return std::nullopt;
  std::uint32_t number = 0;
  for (unsigned i = 0; i < 4; ++i) number |= std::to_integer<std::uint32_t>(bytes[i]) << (8 * i);
  return number;
}

// Texts between zero bytes; exactly as many as asked for.
template <std::size_t Count>
std::optional<std::array<std::string_view, Count>> split(std::string_view text) {
  std::array<std::string_view, Count> parts;
  for (std::size_t i = 0; i + 1 < Count; ++i) {
    std::size_t const end = text.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    parts[i] = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  parts[Count - 1] = text;
  return parts;
}

// A name that would have to be changed has not been through the daemon's own check.
template <class Name>
std::optional<Name> party(std::string_view text) {
  std::string const terminated = std::string(text) + '\0';
  Name name = Name::sanitise(as_bytes(terminated));
  if (text.size() > kMaxPartyText || name.text() != text) return std::nullopt;
  return name;
}

std::optional<Order> decode_start(std::string_view text) {
  auto const parts = split<4>(text);
  if (!parts) return std::nullopt;
  auto ident = Ident::parse((*parts)[0]);
  auto source = party<SourceName>((*parts)[1]);
  auto target = party<TargetName>((*parts)[2]);
  auto service = ServiceDescriptor::sanitise((*parts)[3]);
  if (!ident || !source || !target || !service || service->text() != (*parts)[3]) return std::nullopt;
  return TriggerRequest{*std::move(ident), *std::move(source), *std::move(target), *std::move(service)};
}

}  // namespace

Bytes encode(TriggerRequest const& request) {
  Bytes out{kStart};
  add_text(out, request.ident.text());
  for (std::string_view const text : {std::string_view(request.source.text()), std::string_view(request.target.text()), std::string_view(request.service.text())}) {
    out.push_back(std::byte{0});
    add_text(out, text);
  }
  return out;
}

Bytes encode(StopWorker const& stop) {
  Bytes out{kStop};
  add_number(out, stop.worker);
  return out;
}

std::optional<Order> decode_order(ByteSpan packet) {
  if (packet.empty() || packet.size() > kMaxOrder) return std::nullopt;
  ByteSpan const body = packet.subspan(1);
  // GUARD: a daemon that its qube has taken over: what it may ask for is what the qube may ask for anyway, in the qube's own name.
  if (packet[0] == kStart) return decode_start(as_text(body));
  if (packet[0] != kStop) return std::nullopt;
  auto const worker = number_in(body);
  return worker ? std::optional<Order>(StopWorker{*worker}) : std::nullopt;
}

Bytes encode(Event const& event) {
  Bytes out{static_cast<std::byte>(event.kind)};
  add_number(out, event.number);
  return out;
}

std::optional<Event> decode_event(ByteSpan packet) {
  if (packet.size() != kEventSize) return std::nullopt;
  auto const kind = std::to_integer<std::uint8_t>(packet[0]);
  auto const number = number_in(packet.subspan(1));
  if (kind < 1 || kind > 3 || !number) return std::nullopt;
  return Event{static_cast<Event::Kind>(kind), *number};
}

}  // namespace bh::qrexec::broker
