#include "dom0/core/network/wiring.h"

#include <algorithm>

#include "base/log.h"
#include "base/posix_io.h"
#include "hypervisor/network/wire.h"

namespace bh::dom0 {

using network::PlannedWire;
using network::WireSlot;

namespace {

// A guest that runs lets go of a card within a second, also under TCG.
constexpr std::chrono::seconds kUnplugPatience{20};
constexpr std::size_t kMaxRecord = 1U << 20;

WiredMachine const* find(std::vector<WiredMachine> const& machines, DomainId domain) {
  auto const found = std::find_if(machines.begin(), machines.end(), [&](auto const& each) { return each.station.domain == domain; });
  return found == machines.end() ? nullptr : &*found;
}

}  // namespace

void Wiring::adopt() {
  auto const text = read_file(file_, kMaxRecord);
  if (!text) return;
  auto const record = parse_wires(*text);
  if (!record) return log::error(file_.string() + ": " + record.error().message + "; qubes keep the network cards they have until they are started again");
  auto const machines = hooks_.machines();
  for (auto const& card : record->cards) {
    if (find(machines, card.machine) != nullptr) cards_[{card.machine, card.slot}] = card.state;
  }
  for (auto const& wire : record->wires) {
    Place const client{wire.client, network::kUplinkSlot};
    Place const netvm{wire.netvm, wire.netvm_slot};
    auto const there = [this](Place const& place) { return cards_.contains(place) && cards_[place] == CardState::there; };
    if (there(client) && there(netvm)) wires_.push_back(wire);
  }
  // What was half made or half gone when the other bulkheadd ended is taken away, and made anew by the next update().
  std::vector<Place> stray;
  for (auto const& [place, state] : cards_) {
    if (!wire_at(place)) stray.push_back(place);
  }
  for (auto const& place : stray) unplug(place, machines);
}

void Wiring::update() {
  auto machines = hooks_.machines();
  std::erase_if(cards_, [&](auto const& card) { return find(machines, card.first.first) == nullptr; });
  std::vector<network::Station> stations;
  for (auto& one : machines) {
    for (auto const& [place, state] : cards_) {
      if (place.first == one.station.domain && state == CardState::going) one.station.busy.push_back(place.second);
    }
    stations.push_back(one.station);
  }
  auto const plan = network::plan_wires(stations, wires_);
  for (auto const& wire : plan.remove) remove(wire, machines);
  // A pair that failed is tried again once it has not been wanted for a while.
  std::erase_if(given_up_, [&](auto const& pair) {
    return std::none_of(plan.add.begin(), plan.add.end(), [&](auto const& wire) { return pair == std::pair(wire.client, wire.netvm); });
  });
  for (auto const& wire : plan.add) {
    if (!given_up_.contains({wire.client, wire.netvm})) add(wire, machines);
  }
  for (auto const& problem : plan.problems) {
    if (std::find(told_.begin(), told_.end(), problem) == told_.end()) hooks_.problem(problem.substr(0, problem.find(' ')), problem);
  }
  told_ = plan.problems;
  save();
}

void Wiring::remove(PlannedWire const& wire, std::vector<WiredMachine> const& machines) {
  std::erase(wires_, wire);
  unplug({wire.client, network::kUplinkSlot}, machines);
  unplug({wire.netvm, wire.netvm_slot}, machines);
}

void Wiring::unplug(Place place, std::vector<WiredMachine> const& machines) {
  auto const* const owner = find(machines, place.first);
  if (owner == nullptr || !cards_.contains(place)) return;
  cards_[place] = CardState::going;
  std::string const name = owner->station.name;
  if (auto const asked = owner->machine.detach_wire(place.second); !asked) return hooks_.problem(name, name + " keeps a network card: " + asked.error().message);
  hooks_.after(kUnplugPatience, [this, place, name] {
    auto const card = cards_.find(place);
    if (card == cards_.end() || card->second != CardState::going) return;
    hooks_.problem(name, name + " does not let go of network card " + std::to_string(place.second.value()) + "; it leads nowhere, and its place is lost until " + name + " is started again");
  });
}

Result<void> Wiring::plug(Place place, UniqueFd socket, machine::MacAddress const& mac, std::vector<WiredMachine> const& machines) {
  BH_CHECK(find(machines, place.first)->machine.attach_wire(place.second, std::move(socket), mac));
  cards_[place] = CardState::coming;
  return {};
}

void Wiring::add(PlannedWire const& wire, std::vector<WiredMachine> const& machines) {
  auto const* const client = find(machines, wire.client);
  auto const* const netvm = find(machines, wire.netvm);
  if (client == nullptr || netvm == nullptr) return;
  // The plan was made before the cards of this turn were unplugged: WireDetached brings the next one.
  if (cards_.contains({wire.client, network::kUplinkSlot}) || cards_.contains({wire.netvm, wire.netvm_slot})) return;
  auto ends = network::make_wire();
  if (!ends) return hooks_.problem(client->station.name, client->station.name + " gets no network: " + ends.error().message);
  // The netvm first: its guest should be there when the client's first packet comes.
  auto done = plug({wire.netvm, wire.netvm_slot}, std::move(ends->netvm_end), network::far_mac(client->address), machines);
  if (done) {
    done = plug({wire.client, network::kUplinkSlot}, std::move(ends->client_end), client->mac, machines);
    if (!done) unplug({wire.netvm, wire.netvm_slot}, machines);
  }
  if (!done) return hooks_.problem(client->station.name, client->station.name + " gets no network: " + done.error().message);
  wires_.push_back(wire);
  log::info(client->station.name + ": wired to " + netvm->station.name + ", card " + std::to_string(wire.netvm_slot.value()));
}

void Wiring::on_event(DomainId machine, machine::MachineEvent const& event) {
  if (auto const* const attached = std::get_if<machine::WireAttached>(&event)) {
    auto const card = cards_.find({machine, attached->slot});
    if (card == cards_.end() || card->second != CardState::coming) return;
    card->second = CardState::there;
    save();
  } else if (auto const* const detached = std::get_if<machine::WireDetached>(&event)) {
    card_gone({machine, detached->slot});
  } else if (auto const* const failed = std::get_if<machine::RequestFailed>(&event)) {
    // The machine does not say which card it was, so all that are on their way count as failed.
    if (failed->request == machine::Request::attach_wire) give_up(machine, CardState::coming, failed->text);
    // There is no such card, or no way to it: the next attach will tell.
    if (failed->request == machine::Request::detach_wire) {
      std::erase_if(cards_, [&](auto const& card) { return card.first.first == machine && card.second == CardState::going; });
      update();
    }
  }
}

void Wiring::card_gone(Place place) {
  auto const card = cards_.find(place);
  if (card == cards_.end()) return;
  CardState const was = card->second;
  cards_.erase(card);
  // GUARD: a guest can throw its card out itself, and a VMM that was taken over can say so at any time, again and again. The wire is gone
  // then, both ends of it, and is not made anew until somebody asks for another netvm.
  if (was != CardState::going) {
    if (auto const wire = wire_at(place)) give_up(*wire, "the card was thrown out by its guest");
  }
  update();
}

std::optional<PlannedWire> Wiring::wire_at(Place place) const {
  auto const found = std::find_if(wires_.begin(), wires_.end(), [&](auto const& wire) {
    return place == Place{wire.client, network::kUplinkSlot} || place == Place{wire.netvm, wire.netvm_slot};
  });
  return found == wires_.end() ? std::nullopt : std::optional(*found);
}

void Wiring::give_up(DomainId machine, CardState state, std::string const& text) {
  std::vector<Place> places;
  for (auto const& [place, now] : cards_) {
    if (place.first == machine && now == state) places.push_back(place);
  }
  for (auto const& place : places) {
    if (auto const wire = wire_at(place)) give_up(*wire, text);
  }
  save();
}

void Wiring::give_up(PlannedWire const& wire, std::string const& text) {
  auto const machines = hooks_.machines();
  if (auto const* const client = find(machines, wire.client)) hooks_.problem(client->station.name, client->station.name + " has no network: " + text);
  given_up_.insert({wire.client, wire.netvm});
  remove(wire, machines);
}

void Wiring::save() const {
  WireRecord record{wires_, {}};
  for (auto const& [place, state] : cards_) record.cards.push_back({place.first, place.second, state});
  if (auto const written = write_file_atomically(file_, format_wires(record), 0600); !written) log::error("a later bulkheadd could not know the wires: " + written.error().message);
}

}  // namespace bh::dom0
