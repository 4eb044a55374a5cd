#include "dom0/core/life/snapshot_builder.h"

#include <cerrno>

#include "base/log.h"
#include "dom0/core/life/machine_shape.h"
#include "dom0/core/life/offload.h"
#include "dom0/core/life/process_stats.h"
#include "dom0/core/life/running_qube_parts.h"
#include "dom0/core/life/stray_processes.h"
#include "dom0/core/model/property.h"
#include "hypervisor/volumes/free_space.h"
#include "hypervisor/volumes/private_volume.h"

namespace bh::dom0 {

namespace {

// After the last start, so that a row of starts is not disturbed.
constexpr std::chrono::seconds kSettle{5};
// What must be left for qubes beside the machine that is prepared.
constexpr std::uint64_t kSpareKib = 512 * 1024;
constexpr std::uint64_t kMachineKib = 192 * 1024;

Result<void> check_room(HouseServices const& house, machine::MachineSpec const& spec) {
  std::uint64_t const needed = std::uint64_t{spec.memory.value()} * 1024 + kMachineKib + kSpareKib;
  auto const available = host_memory().available_kib;
  if (available < needed) {
    return Failure{Error{"memory is short: " + std::to_string(needed / 1024) + " MiB are wanted, " + std::to_string(available / 1024) + " MiB are free", ENOMEM}};
  }
  return volumes::need_free_space(house.paths.lib(), ByteCount(volumes::kRoomForStart.value() + (std::uint64_t{spec.memory.value()} << 20U)));
}

}  // namespace

SnapshotBuilder::SnapshotBuilder(HouseServices house, std::function<bool()> quiet) : house_(std::move(house)), quiet_(std::move(quiet)), changed_(house_.io) {
  events_ = house_.registry.subscribe([this](admin::Event const&) { changed_.notify(); });
  asio::co_spawn(house_.io, work(), [](std::exception_ptr problem) {
    if (problem) std::rethrow_exception(problem);
  });
}

void SnapshotBuilder::want(std::string const& qube) {
  if (house_.snapshots == nullptr || stopped_) return;
  for (auto const& request : requests_) if (request.qube == qube) return;
  requests_.push_back({qube, false, [](Made const&) {}});
  changed_.notify();
}

void SnapshotBuilder::template_found(volumes::TemplateImage const& image) {
  auto const [seen, is_new] = templates_.try_emplace(image.name, image.hash);
  if (is_new || seen->second == image.hash) return;
  seen->second = image.hash;
  Inventory const& inventory = house_.registry.inventory();
  for (auto const& [name, qube] : inventory.qubes()) {
    bool const starts = qube.klass == QubeClass::app || qube.klass == QubeClass::disposable;
    // Those that are alike ask for the same snapshot, and all but the first find it made.
    if (starts && root_template(inventory, qube) == image.name && warm_wish(inventory, qube).warm) want(name);
  }
}

void SnapshotBuilder::build(std::string const& qube, Done done) {
  if (house_.snapshots == nullptr || stopped_) return done(vm_error("this bulkheadd keeps no snapshots"));
  requests_.push_front({qube, true, std::move(done)});
  changed_.notify();
}

void SnapshotBuilder::stop() {
  stopped_ = true;
  if (preparation_) preparation_->abort();
}

void SnapshotBuilder::clear_away() {
  std::error_code error;
  auto const folder = house_.paths.run() / "snapshots";
  for (auto const& entry : std::filesystem::directory_iterator(folder, error)) {
    for (auto const& record : find_stray_processes(entry.path().filename().string(), entry.path())) {
      log::info("snapshot: process " + std::to_string(record.pid) + " of a preparation that was cut short is ended");
      if (auto process = ChildProcess::adopt(record.pid, record.start_time)) (void)process->terminate(std::chrono::milliseconds(500));
    }
  }
  std::filesystem::remove_all(folder, error);
}

asio::awaitable<void> SnapshotBuilder::work() {
  for (;;) {
    auto const ready = [this] { return !requests_.empty() && (requests_.front().now || quiet_()); };
    co_await changed_.wait_until(ready, Deadline::max());
    if (!requests_.front().now) {
      auto const disturbed = [this] { return requests_.front().now || !quiet_(); };
      if (co_await changed_.wait_until(disturbed, Clock::now() + kSettle)) continue;
    }
    Request const request = std::move(requests_.front());
    requests_.pop_front();
    Made const made = co_await make(request);
    if (stopped_) co_return;
    if (!made) {
      log::warning("no snapshot for " + request.qube + ": " + made.error().message);
      house_.registry.tell({request.qube, "bulkhead:snapshot-failed", {{"reason", made.error().message}}});
    }
    request.done(made);
  }
}

asio::awaitable<SnapshotBuilder::Made> SnapshotBuilder::make(Request const& request) {
  Inventory const& inventory = house_.registry.inventory();
  Qube const* const found = inventory.find(request.qube);
  if (found == nullptr || found->klass == QubeClass::admin) co_return request.now ? Made(vm_error("there is no qube " + request.qube)) : Made();
  Qube const like = *found;
  WarmWish const warm = warm_wish(inventory, like);
  if (!warm.warm) co_return vm_error(like.name.text() + " does not start warm: " + warm.why_not);
  std::string const base_name = like.klass == QubeClass::template_qube ? like.name.text() : root_template(inventory, like);
  auto const base = volumes::open_template(house_.paths.templates() / base_name);
  if (!base) co_return vm_error(base.error().message);
  auto const accel = std::make_shared<std::optional<machine::Accel>>();
  house_.accel(*base, [this, accel](machine::Accel answer) {
    *accel = answer;
    changed_.notify();
  });
  auto const answered = [accel] { return accel->has_value(); };
  co_await changed_.wait_until(answered, Deadline::max());
  SnapshotWish wish{machine_shape(inventory, like, *base, **accel, house_.tsc), base->hash, warm.tag};
  // Which volume it is makes no difference, but that there is one does.
  wish.spec.private_volume = volumes::private_volume(house_.paths.volumes(like.name.text()));
  SnapshotKeeper* const keeper = house_.snapshots;
  auto const ask_key = [keeper, wish] { return keeper->key(wish); };
  auto const key = co_await offload(house_.workers, ask_key);
  if (!key) co_return vm_error(key.error().message);
  if (!request.now) {
    // It was said when it failed; asking again would fail again.
    if (failed_.contains(*key)) co_return Made();
    auto const look = [keeper, wish] { return keeper->find(wish); };
    auto const there = co_await offload(house_.workers, look);
    if (there && unix_now() - there->made_unix <= kSnapshotDay) co_return Made();
  }
  if (auto const room = check_room(house_, wish.spec); !room) co_return vm_error(room.error().message);
  Made const made = co_await prepare(wish, *key, like);
  if (made) failed_.erase(*key);
  else failed_[*key] = made.error().message;
  co_return made;
}

asio::awaitable<SnapshotBuilder::Made> SnapshotBuilder::prepare(SnapshotWish wish, std::string key, Qube like) {
  auto const began = Clock::now();
  std::string const name = like.name.text();
  log::info("preparing a snapshot for qubes like " + name);
  house_.registry.tell({name, "bulkhead:snapshot-building", {{"key", key}}});
  SnapshotKeeper* const keeper = house_.snapshots;
  auto const begin = [keeper, wish] { return keeper->begin(wish); };
  auto const target = co_await offload(house_.workers, begin);
  if (!target) co_return vm_error(target.error().message);
  WarmWish const warm = warm_wish(house_.registry.inventory(), like);
  preparation_ = std::make_shared<SnapshotPreparation>(house_, wish.spec, like, warm);
  Result<void> const saved = co_await preparation_->run(*target);
  preparation_.reset();
  if (!saved) {
    auto const abandon = [keeper, wish] { return keeper->abandon(wish), true; };
    co_await offload(house_.workers, abandon);
    co_return vm_error(saved.error().message);
  }
  std::string const note = (like.klass == QubeClass::template_qube ? name : root_template(house_.registry.inventory(), like)) + ", " +
                           std::to_string(wish.spec.memory.value()) + " MiB, " + wish.tag;
  auto const commit = [keeper, wish, note] { return keeper->commit(wish, note); };
  auto const kept = co_await offload(house_.workers, commit);
  if (!kept) co_return vm_error(kept.error().message);
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - began).count();
  log::info("a snapshot for qubes like " + name + " is made, in " + std::to_string(seconds) + " s, " + std::to_string(kept->size.value() >> 20U) + " MiB");
  house_.registry.tell({name, "bulkhead:snapshot-built", {{"key", key}, {"seconds", std::to_string(seconds)}}});
  co_return Made();
}

}  // namespace bh::dom0
