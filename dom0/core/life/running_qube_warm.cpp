// Starting from a snapshot: restored, then made this very qube by the personaliser, and only then reachable. Whatever fails on the way
// leads to a cold start, said aloud.
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "dom0/core/life/offload.h"
#include "dom0/core/life/process_stats.h"
#include "dom0/core/life/running_qube_parts.h"

namespace bh::dom0 {

namespace {

constexpr std::chrono::seconds kRestoreLimit{30};
constexpr std::chrono::seconds kResizeLimit{10};

// Of a file or a block device.
Result<ByteCount> size_of(std::filesystem::path const& volume) {
  BH_TRY(fd, open_file(volume, O_RDONLY));
  off_t const end = ::lseek(fd.borrow(), 0, SEEK_END);
  if (end < 0) return Failure{Error::from_errno("size " + volume.string())};
  return ByteCount(static_cast<std::uint64_t>(end));
}

}  // namespace

// The snapshot to start from; nullopt: start cold, and cold_reason_ says why if that is worth saying.
asio::awaitable<std::optional<FoundSnapshot>> RunningQube::choose_snapshot(SnapshotWish wish, WarmWish const& warm) {
  if (!warm.warm || house_.snapshots == nullptr) {
    timing_.set_cold(warm.why_not);
    co_return std::nullopt;
  }
  auto const look = [keeper = house_.snapshots, wish = std::move(wish)] { return keeper->find(wish); };
  auto found = co_await offload(house_.workers, look);
  if (found) {
    // A day old: still good, but its successor is due.
    if (unix_now() - found->made_unix > kSnapshotDay && house_.want_snapshot) house_.want_snapshot(name_);
    co_return std::move(*found);
  }
  if (house_.want_snapshot) house_.want_snapshot(name_);
  say_cold(found.error().errno_value == ENOENT ? "there is no snapshot for it yet" : found.error().message);
  co_return std::nullopt;
}

void RunningQube::say_cold(std::string const& reason) {
  timing_.set_cold(reason);
  log::info(name_ + ": starts cold: " + reason);
  tell("bulkhead:cold-start", {{"reason", reason}});
}

asio::awaitable<RunningQube::Step> RunningQube::start_warm(machine::MachineSpec spec, FoundSnapshot found) {
  timing_.set_warm();
  spec.restore_from = std::move(found.files);
  record_.clone = true;
  write_guest_environment();
  if (auto const launched = launch(spec); !launched) co_return launched;
  make_children();
  // Only the hub: nobody may reach the clone before it is what it will be called.
  if (auto const started = start_children(true); !started) co_return started;
  timing_.mark("spawn", Clock::now());

  auto const restored = [this] { return machine_up_ || machine_ended_ || end_wanted_; };
  if (!co_await changed_.wait_until(restored, Clock::now() + kRestoreLimit)) co_return vm_error("the snapshot was not restored within 30 seconds");
  if (auto over = start_is_over()) co_return Failure{std::move(*over)};
  timing_.mark("restore", Clock::now());
  if (restored_) {
    timing_.note("copy", restored_->copy);
    timing_.note("load", restored_->load);
  }
  Step const sized = co_await tell_volume_size(*spec.private_volume);
  if (!sized) co_return sized;
  Step const personal = co_await personalise();
  if (!personal) co_return personal;
  Step const up = co_await wait_for_agent();
  if (up) timing_.mark("session", Clock::now());
  co_return up;
}

// The guest of the snapshot saw a placeholder where its private volume is now.
asio::awaitable<RunningQube::Step> RunningQube::tell_volume_size(std::filesystem::path volume) {
  auto const size = size_of(volume);
  if (!size) co_return vm_error(size.error().message);
  resized_.reset();
  refused_request_.reset();
  if (auto const sent = machine_->resize_volume(machine::Volume::private_volume, *size); !sent) co_return vm_error(sent.error().message);
  auto const answered = [this] { return resized_ || refused_request_ || machine_ended_ || end_wanted_; };
  co_await changed_.wait_until(answered, Clock::now() + kResizeLimit);
  if (auto over = start_is_over()) co_return Failure{std::move(*over)};
  if (refused_request_) co_return vm_error(*refused_request_);
  if (!resized_) co_return vm_error("the machine did not take the size of its private volume within 10 seconds");
  co_return Step();
}

asio::awaitable<RunningQube::Step> RunningQube::personalise() {
  std::chrono::seconds const limit{record_.accel == "kvm" ? 10 : 30};
  auto personaliser = Personaliser::start(house_.io, plan_personaliser(name_, record_.domain, limit, house_.paths, house_.programs), log_file("personalise"),
                                          [this] { changed_.notify(); });
  if (!personaliser) co_return vm_error(personaliser.error().message);
  PersonaliseProgress const& progress = (*personaliser)->progress();
  Deadline const deadline = Clock::now() + limit + kHelperGrace;
  auto const reseeded = [&] { return progress.reseeded() || progress.decided() || machine_ended_ || end_wanted_; };
  co_await changed_.wait_until(reseeded, deadline);
  if (progress.reseeded()) {
    timing_.mark("reseed", Clock::now());
    reseeded_ = true;
    tell("bulkhead:reseeded");
    // They find the agents once those listen, which they do only when the clone is personalised.
    if (auto const started = start_children(false); !started) co_return started;
  }
  auto const decided = [&] { return progress.decided() || machine_ended_ || end_wanted_; };
  bool const in_time = co_await changed_.wait_until(decided, deadline);
  if (auto over = start_is_over()) co_return Failure{std::move(*over)};
  if (!in_time) co_return vm_error("it was not personalised in time");
  if (progress.failure()) co_return vm_error("it was not personalised: " + *progress.failure());
  timing_.mark("personalise", Clock::now());
  co_return Step();
}

// Everything of the failed attempt goes, the domain number included, so that nothing of it can be taken for the cold machine's.
asio::awaitable<RunningQube::Step> RunningQube::turn_cold(std::string reason) {
  timing_.turned_cold(reason, Clock::now());
  log::warning(name_ + ": the warm start failed: " + reason + "; starting cold");
  tell("bulkhead:cold-start", {{"reason", reason}});
  co_await stop_processes();
  if (machine_ && !machine_ended_) co_return vm_error(name_ + ": the machine of the failed warm start does not end");
  remove_leftovers();
  machine_.reset();
  machine_ended_.reset();
  refused_request_.reset();
  restored_.reset();
  machine_up_ = record_.clone = reseeded_ = false;
  resized_.reset();
  if (end_wanted_) co_return vm_error(name_ + " was killed while it started");
  auto const domain = house_.registry.next_domain_id();
  if (!domain) co_return vm_error(domain.error().message);
  record_.domain = *domain;
  if (auto const made = make_run_folder(); !made) co_return vm_error(made.error().message);
  co_return Step();
}

}  // namespace bh::dom0
