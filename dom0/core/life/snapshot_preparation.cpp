#include "dom0/core/life/snapshot_preparation.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <asio/co_spawn.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include "base/file_tail.h"
#include "base/log.h"
#include "base/number.h"
#include "dom0/core/life/guest_complaint.h"
#include "dom0/core/life/vchan_leftovers.h"
#include "hypervisor/volumes/private_volume.h"

namespace bh::dom0 {

namespace {

// Several times what a boot takes on a slow host, since it runs when others do not.
constexpr std::chrono::minutes kPrepareLimit{5};
constexpr std::chrono::minutes kSaveLimit{2};
constexpr std::chrono::seconds kEndLimit{2};
constexpr int kNiceness = 10;

// Every thread there is by now; those that come later have their maker's.
void lower_priority(int pid) {
  // A fake machine's process is the test's own.
  if (pid == ::getpid()) return;
  std::error_code error;
  for (auto const& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
    if (auto const thread = parse_decimal(entry.path().filename().string(), INT32_MAX)) (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(*thread), kNiceness);
  }
}

Failure<Error> failed(std::string text) { return Failure{Error{std::move(text), 0}}; }

}  // namespace

SnapshotPreparation::SnapshotPreparation(HouseServices const& house, machine::MachineSpec shape, Qube like, WarmWish wish)
    : house_(house), spec_(std::move(shape)), like_(std::move(like)), wish_(std::move(wish)), uuid_(random_uuid().text()), changed_(house.io) {}

SnapshotPreparation::~SnapshotPreparation() { abort(); }

asio::awaitable<Result<void>> SnapshotPreparation::run(machine::SnapshotTarget target) {
  auto const self = shared_from_this();
  Result<void> const made = co_await boot_and_save(target);
  co_await end();
  co_return made;
}

asio::awaitable<Result<void>> SnapshotPreparation::boot_and_save(machine::SnapshotTarget const& target) {
  if (auto const domain = house_.registry.next_domain_id(); domain) domain_ = *domain;
  else co_return Failure{domain.error()};
  if (auto const made = make_folder(); !made) co_return made;
  if (auto const launched = launch(); !launched) co_return launched;
  Result<void> const prepared = co_await wait_until_prepared();
  if (!prepared) co_return prepared;
  refused_.reset();
  if (auto const asked = machine_->save(target); !asked) co_return asked;
  auto const decided = [this] { return saved_ || refused_ || ended_; };
  co_await changed_.wait_until(decided, Clock::now() + kSaveLimit);
  if (saved_) co_return Result<void>();
  co_return failed(refused_ ? *refused_ : ended_ ? "the machine ended while it was saved: " + *ended_ : "the machine was not saved within 2 minutes");
}

Result<void> SnapshotPreparation::make_folder() {
  std::error_code error;
  std::filesystem::create_directories(folder(), error);
  if (error) return Failure{Error::from_errno("make the folder " + folder().string(), error.value())};
  std::filesystem::permissions(folder(), std::filesystem::perms::owner_all, error);
  // A placeholder, never written to: clones get volumes of their own in its place.
  BH_CHECK(volumes::create_private_volume(folder()));
  auto const now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  return write_file_atomically(folder() / "guest.env", preparation_environment(house_.registry.inventory(), like_, wish_, domain_, now), 0600);
}

Result<void> SnapshotPreparation::launch() {
  spec_.name = "snapshot-" + uuid_.substr(0, 8);
  spec_.uuid = uuid_;
  spec_.overlay_folder = house_.paths.lib() / "volumes";
  spec_.private_volume = volumes::private_volume(folder());
  spec_.run_folder = folder();
  spec_.log_file = house_.paths.log() / "snapshot-qemu.log";
  BH_CHECK(machine::check(spec_));
  BH_TRY(machine, house_.vmm.start(spec_));
  machine_ = std::move(machine);
  lower_priority(machine_->pid());
  asio::co_spawn(house_.io, watch(), [self = shared_from_this()](std::exception_ptr problem) {
    if (problem) std::rethrow_exception(problem);
  });
  BH_TRY(hub, spawn_plan(plan_hub(folder(), domain_, house_.paths, house_.programs), house_.paths.log() / "snapshot-hub.log", nullptr));
  hub_ = std::move(hub);
  return {};
}

asio::awaitable<void> SnapshotPreparation::watch() {
  auto const self = shared_from_this();
  auto fd = machine_->pollable().duplicate();
  if (!fd) {
    ended_ = "it cannot be watched: " + fd.error().message;
    changed_.notify();
    co_return;
  }
  asio::posix::stream_descriptor descriptor(house_.io, fd->release());
  while (!ended_) {
    std::error_code error;
    co_await descriptor.async_wait(asio::posix::stream_descriptor::wait_read, asio::redirect_error(asio::use_awaitable, error));
    if (error || !machine_) co_return;
    for (auto const& event : machine_->handle()) take(event);
    changed_.notify();
  }
}

void SnapshotPreparation::take(machine::MachineEvent const& event) {
  if (auto const* const stopped = std::get_if<machine::MachineStopped>(&event)) ended_ = std::string(machine::to_string(stopped->reason)) + (stopped->text.empty() ? "" : ": " + stopped->text);
  else if (auto const* const refused = std::get_if<machine::RequestFailed>(&event)) refused_ = refused->text;
  else if (std::holds_alternative<machine::MachineSaved>(event)) saved_ = true;
  else if (std::holds_alternative<machine::MachineUp>(event)) lower_priority(machine_->pid());
}

// It listens for its orders: there is nothing more to be done before it is somebody's.
asio::awaitable<Result<void>> SnapshotPreparation::wait_until_prepared() {
  auto const sign = house_.paths.vchan_sockets() / ("vchan." + std::to_string(domain_.value()) + ".0." + std::to_string(kPersonalPort) + ".sock");
  auto const watch = house_.vchan_sockets.subscribe([this] { changed_.notify(); });
  if (!watch) co_return Failure{watch.error()};
  std::error_code error;
  auto const decided = [&] { return ended_ || std::filesystem::exists(sign, error); };
  bool const in_time = co_await changed_.wait_until(decided, Clock::now() + kPrepareLimit);
  if (ended_) co_return failed("the machine ended while it was prepared: " + *ended_ + complaint());
  if (!in_time) co_return failed("the machine was not prepared within 5 minutes" + complaint() + "; is its template of an older version? Build it again with templates/build");
  co_return Result<void>();
}

std::string SnapshotPreparation::complaint() const {
  auto console = read_file_tail(machine::console_log(folder()), 65536);
  if (!console) return "";
  auto const said = guest_complaint(Untrusted<std::string>(std::move(*console)));
  return said ? "; it said: \"" + *said + "\"" : "";
}

asio::awaitable<void> SnapshotPreparation::end() {
  if (machine_ && !ended_) {
    if (auto const killed = machine_->kill(); !killed) log::error("snapshot: " + killed.error().message);
    auto const gone = [this] { return ended_.has_value(); };
    if (!co_await changed_.wait_until(gone, Clock::now() + kEndLimit)) log::error("snapshot: its machine (process " + std::to_string(machine_->pid()) + ") does not end");
  }
  clear_away();
}

void SnapshotPreparation::abort() {
  if (cleared_) return;
  if (machine_ && !ended_) (void)machine_->kill();
  clear_away();
}

void SnapshotPreparation::clear_away() {
  cleared_ = true;
  if (hub_) {
    // It holds nothing that has to be put in order.
    (void)hub_->signal(SIGKILL);
    (void)hub_->wait(Clock::now() + kEndLimit);
    hub_.reset();
  }
  std::error_code error;
  auto const console = machine::console_log(folder());
  if (std::filesystem::exists(console, error)) {
    std::filesystem::copy_file(console, house_.paths.log() / "snapshot-console.log", std::filesystem::copy_options::overwrite_existing, error);
  }
  std::filesystem::remove_all(folder(), error);
  if (domain_.value() != 0) remove_vchan_names(house_.paths.vchan_sockets(), domain_);
}

}  // namespace bh::dom0
