#include "dom0/core/network/network.h"

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <memory>

#include "base/log.h"

namespace bh::dom0 {

namespace {

bool concerns_wires(std::string_view event) {
  for (auto const* one : {"domain-start", "bulkhead:reseeded", "domain-shutdown", "domain-start-failed", "bulkhead:qube-ended"}) {
    if (event == one) return true;
  }
  if (!event.starts_with("property-")) return false;
  return event.ends_with(":netvm") || event.ends_with(":default_netvm") || event.ends_with(":provides_network") || event.ends_with(":template");
}

}  // namespace

Network::Network(asio::io_context& io, Registry& registry, Paths const& paths, Machines machines)
    : io_(io), registry_(registry),
      wiring_(paths.run() / "wires.json",
              {std::move(machines),
               [this](std::chrono::milliseconds time, std::function<void()> callback) {
                 auto const timer = std::make_shared<asio::steady_timer>(io_, time);
                 timer->async_wait([timer, callback = std::move(callback)](std::error_code error) {
                   if (!error) callback();
                 });
               },
               [this](std::string const& qube, std::string const& text) { problem(qube, text); }}),
      subscription_(registry.subscribe([this](admin::Event const& event) { on_registry_event(event); })) {}

void Network::adopt() {
  wiring_.adopt();
  wiring_.update();
}

void Network::on_registry_event(admin::Event const& event) {
  if (concerns_wires(event.name)) machines_changed();
}

// Later, because events are told in the middle of what they tell of.
void Network::machines_changed() {
  if (std::exchange(update_posted_, true)) return;
  asio::post(io_, [this] {
    update_posted_ = false;
    wiring_.update();
  });
}

void Network::problem(std::string const& qube, std::string const& text) {
  log::warning(text);
  registry_.tell({qube, "bulkhead:network-problem", {{"reason", text}}});
}

}  // namespace bh::dom0
