#include "hypervisor/vchan/channel_name.h"

#include "base/number.h"

namespace bh::vchan {

std::string ChannelName::file_name() const {
  return "vchan." + std::to_string(server.value()) + "." + std::to_string(client.value()) + "." +
         std::to_string(port.value()) + ".sock";
}

namespace {
// Cuts the text up to the next '.' off the front; empty when there is none.
std::string_view take_field(std::string_view& text) {
  std::size_t const dot = text.find('.');
  if (dot == std::string_view::npos) return {};
  std::string_view const field = text.substr(0, dot);
  text.remove_prefix(dot + 1);
  return field;
}
}  // namespace

std::optional<ChannelName> ChannelName::parse(std::string_view file_name) {
  if (take_field(file_name) != "vchan") return std::nullopt;
  auto const server = parse_domain_id(take_field(file_name));
  auto const client = parse_domain_id(take_field(file_name));
  auto const port = parse_decimal(take_field(file_name), UINT32_MAX);
  if (!server || !client || !port || file_name != "sock") return std::nullopt;
  return ChannelName{*server, *client, Port(static_cast<std::uint32_t>(*port))};
}

}  // namespace bh::vchan
