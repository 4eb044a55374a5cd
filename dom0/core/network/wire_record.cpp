#include "dom0/core/network/wire_record.h"

#include <nlohmann/json.hpp>
#include <optional>

namespace bh::dom0 {

using nlohmann::json;

namespace {

char const* to_string(CardState state) {
  switch (state) {
    case CardState::coming: return "coming";
    case CardState::there: return "there";
    case CardState::going: return "going";
  }
  return "going";
}

std::optional<CardState> parse_state(std::string_view text) {
  for (auto const state : {CardState::coming, CardState::there, CardState::going}) {
    if (text == to_string(state)) return state;
  }
  return std::nullopt;
}

std::optional<std::uint16_t> number(json const& row, char const* key, std::uint16_t most) {
  auto const found = row.find(key);
  if (found == row.end() || !found->is_number_unsigned() || found->get<std::uint64_t>() > most) return std::nullopt;
  return static_cast<std::uint16_t>(found->get<std::uint64_t>());
}

}  // namespace

std::string format_wires(WireRecord const& record) {
  json wires = json::array();
  for (auto const& wire : record.wires) wires.push_back({{"client", wire.client.value()}, {"netvm", wire.netvm.value()}, {"slot", wire.netvm_slot.value()}});
  json cards = json::array();
  for (auto const& card : record.cards) cards.push_back({{"machine", card.machine.value()}, {"slot", card.slot.value()}, {"state", to_string(card.state)}});
  return json{{"wires", wires}, {"cards", cards}}.dump(1) + "\n";
}

Result<WireRecord> parse_wires(std::string_view text) {
  auto const bad = [] { return Failure{Error{"the record of wires is damaged", 0}}; };
  json const document = json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("wires") || !document.contains("cards") || !document["wires"].is_array() || !document["cards"].is_array()) return bad();
  WireRecord record;
  auto const last_slot = static_cast<std::uint16_t>(machine::kMaxWires.value() - 1);
  for (auto const& row : document["wires"]) {
    if (!row.is_object()) return bad();
    auto const client = number(row, "client", kMaxDomainId);
    auto const netvm = number(row, "netvm", kMaxDomainId);
    auto const slot = number(row, "slot", last_slot);
    if (!client || !netvm || !slot) return bad();
    record.wires.push_back({DomainId(*client), DomainId(*netvm), network::WireSlot(*slot)});
  }
  for (auto const& row : document["cards"]) {
    if (!row.is_object()) return bad();
    auto const machine = number(row, "machine", kMaxDomainId);
    auto const slot = number(row, "slot", last_slot);
    auto const state = row.contains("state") && row["state"].is_string() ? parse_state(row["state"].get<std::string>()) : std::nullopt;
    if (!machine || !slot || !state) return bad();
    record.cards.push_back({DomainId(*machine), network::WireSlot(*slot), *state});
  }
  return record;
}

}  // namespace bh::dom0
