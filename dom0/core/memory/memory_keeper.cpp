#include "dom0/core/memory/memory_keeper.h"

#include <asio/post.hpp>

#include <algorithm>

#include "base/log.h"
#include "dom0/core/life/process_stats.h"
#include "hypervisor/memory/pressure_watch.h"

namespace bh::dom0 {

using machine::Mebibytes;

namespace {

// Only while some qube is held below its maximum: nothing tells when memory has become free again.
constexpr std::chrono::seconds kLookAgain{30};

Mebibytes in_mebibytes(std::uint64_t kib) { return Mebibytes(static_cast<std::uint32_t>(kib / 1024)); }

}  // namespace

memory::HostMemory read_host_memory() {
  auto const host = host_memory();
  return {in_mebibytes(host.total_kib), in_mebibytes(host.available_kib)};
}

MemoryKeeper::MemoryKeeper(asio::io_context& io, Registry& registry, Facts facts)
    : io_(io), registry_(registry), facts_(std::move(facts)), later_(io), subscription_(registry.subscribe([this](admin::Event const& event) {
        bool const counts = event.name == "domain-start" || event.name == "domain-shutdown" || event.name == "domain-start-failed";
        if (!counts || std::exchange(rebalance_posted_, true)) return;
        // Later, because events are told in the middle of what they tell of.
        asio::post(io_, [this] {
          rebalance_posted_ = false;
          rebalance(memory::Pressure::none);
        });
      })) {
  watch_pressure();
}

std::vector<memory::QubeMemory> MemoryKeeper::account(std::vector<MemoryUser> const& users) const {
  std::vector<memory::QubeMemory> all;
  for (auto const& user : users) {
    auto const allowed = allowed_.find(user.domain);
    memory::QubeMemory one{user.name, user.promised, std::max(user.promised, user.maximum), allowed == allowed_.end() ? std::max(user.promised, user.maximum) : allowed->second, Mebibytes(0)};
    if (user.machine != nullptr) {
      if (auto const held = user.machine->memory_in_use()) one.held = in_mebibytes(held->value() / 1024);
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::optional<std::string> MemoryKeeper::objection_to_start(std::string const& name, Mebibytes promised) {
  auto const answer = memory::admit(name, promised, facts_.host(), account(facts_.users()));
  if (auto const* const refused = std::get_if<memory::Refused>(&answer)) return refused->account;
  if (auto const* const after = std::get_if<memory::AfterReclaim>(&answer)) rebalance(memory::Pressure::none, after->wanted);
  return std::nullopt;
}

void MemoryKeeper::rebalance(memory::Pressure pressure, Mebibytes wanted) {
  auto const users = facts_.users();
  std::erase_if(allowed_, [&](auto const& entry) { return std::none_of(users.begin(), users.end(), [&](auto const& user) { return user.domain == entry.first; }); });
  for (auto const& target : memory::balance(facts_.host(), pressure, account(users), wanted)) {
    auto const user = std::find_if(users.begin(), users.end(), [&](auto const& each) { return each.name == target.name; });
    if (user != users.end() && user->machine != nullptr && user->up) move_balloon(*user, target.target);
  }
  if (!allowed_.empty()) look_again_later();
}

void MemoryKeeper::move_balloon(MemoryUser const& user, Mebibytes target) {
  if (auto const asked = user.machine->set_balloon(target); !asked) return log::warning(user.name + ": its memory is not balanced: " + asked.error().message);
  if (target >= user.maximum) allowed_.erase(user.domain);
  else allowed_[user.domain] = target;
  log::info(user.name + ": may hold " + std::to_string(target.value()) + " of " + std::to_string(user.maximum.value()) + " MiB");
  registry_.tell({user.name, "bulkhead:memory-target", {{"mib", std::to_string(target.value())}}});
}

void MemoryKeeper::watch_pressure() {
  auto watch = memory::watch_memory_pressure();
  if (!watch) return log::warning("memory is balanced when qubes come and go only, not under pressure: " + watch.error().message);
  pressure_.emplace(io_, watch->release());
  wait_for_pressure();
}

void MemoryKeeper::wait_for_pressure() {
  pressure_->async_wait(asio::posix::stream_descriptor::wait_error, [this](std::error_code error) {
    if (error) return;
    rebalance(memory::Pressure::some);
    wait_for_pressure();
  });
}

void MemoryKeeper::look_again_later() {
  later_.expires_after(kLookAgain);
  later_.async_wait([this](std::error_code error) {
    if (!error) rebalance(memory::Pressure::none);
  });
}

}  // namespace bh::dom0
