// The private volume of a run: a working copy when it starts, the new last commit when it has stopped; growing and full volumes between.
#include <signal.h>

#include <asio/post.hpp>
#include <asio/thread_pool.hpp>

#include "base/log.h"
#include "dom0/core/life/running_qube_parts.h"
#include "hypervisor/volumes/free_space.h"

namespace bh::dom0 {

namespace {

constexpr std::chrono::minutes kGuestGrowthLimit{5};

// Does the work in another thread. Its outcome is there once `notify` has been called in this one.
template <class Value>
std::shared_ptr<std::optional<Result<Value>>> in_worker(HouseServices& house, std::function<Result<Value>()> work, std::function<void()> notify) {
  auto const outcome = std::make_shared<std::optional<Result<Value>>>();
  asio::post(house.workers, [outcome, work = std::move(work), notify = std::move(notify), &io = house.io] {
    auto result = work();
    asio::post(io, [outcome, result = std::move(result), notify]() mutable {
      *outcome = std::move(result);
      notify();
    });
  });
  return outcome;
}

}  // namespace

asio::awaitable<RunningQube::Step> RunningQube::begin_private_volume() {
  auto const view = house_.storage.volume(*qube(), "private");
  if (!view) co_return Failure{view.error()};
  auto const pool = house_.storage.pool(view->pool);
  if (!pool) co_return Failure{pool.error()};
  auto lease = house_.storage.lease(view->id);
  if (!lease) co_return Failure{lease.error()};
  std::function<Result<std::filesystem::path>()> const begin = [pool = *pool, view = *view] { return pool->begin(view.id, view.keep); };
  auto const outcome = in_worker(house_, begin, [self = shared_from_this()] { self->changed_.notify(); });
  // No deadline: a large copy takes as long as it takes, and a disk that hangs for ever hangs all of dom0.
  auto const answered = [outcome] { return outcome->has_value(); };
  co_await changed_.wait_until(answered, Deadline::max());
  Result<std::filesystem::path> const path = **outcome;
  if (!path) co_return vm_error(name_ + " gets no private volume: " + path.error().message);
  private_volume_ = *path;
  if (end_wanted_) co_return vm_error(name_ + " was killed while it started");
  co_return Step();
}

// Also for a run that was taken over, whose working copy an earlier bulkheadd made.
asio::awaitable<void> RunningQube::settle_private_volume() {
  Qube const* const me = qube();
  bool const never_begun = !private_volume_ && start_guid_.size() > 0;
  if (me == nullptr || me->klass != QubeClass::app || never_begun) co_return;
  if (machine_ && !machine_ended_) {
    log::error(name_ + ": its machine does not end, so its private volume is not committed; the next start goes on with it");
    co_return;
  }
  auto const view = house_.storage.volume(*me, "private");
  auto const pool = view ? house_.storage.pool(view->pool) : Result<std::shared_ptr<volumes::Pool>, admin::Exception>(Failure{view.error()});
  if (!pool) {
    log::error(name_ + ": its private volume is not committed: " + pool.error().message);
    co_return;
  }
  auto const lease = house_.storage.lease(view->id);
  // A machine that was never there has written nothing: no revision for it. What an earlier one was cut off with stays.
  bool const used = machine_ != nullptr;
  std::function<Result<void>()> const settle = [pool = *pool, view = *view, used] { return used ? pool->commit(view.id, view.keep) : Result<void>(); };
  auto const outcome = in_worker(house_, settle, [self = shared_from_this()] { self->changed_.notify(); });
  auto const answered = [outcome] { return outcome->has_value(); };
  co_await changed_.wait_until(answered, Deadline::max());
  Result<void> const settled = **outcome;
  if (!settled) log::error(name_ + ": its private volume is not committed: " + settled.error().message + "; the next start goes on with it");
  private_volume_.reset();
  house_.storage.watch_filling();
}

void RunningQube::volume_is_full(machine::Volume volume) {
  auto const view = house_.storage.volume(*qube(), "private");
  std::string const pool = volume == machine::Volume::private_volume && view ? view->pool : std::string(kDefaultPool);
  auto const opened = house_.storage.pool(pool);
  auto const usage = opened ? (*opened)->usage() : Result<volumes::PoolUsage>(Failure{Error{}});
  std::string const left = usage ? std::to_string((usage->size.value() - usage->used.value()) >> 20) : "?";
  std::string const which = machine::to_string(volume);
  log::error(name_ + ": paused because pool " + pool + " has no room for its " + which + " volume (" + left + " MiB free); nothing is lost: make room, then unpause it");
  tell("bulkhead:volume-full", {{"volume", which}, {"pool", pool}, {"free_mib", left}});
  house_.storage.watch_filling();
}

void RunningQube::volume_grown(std::string const& volume, ByteCount size, Done done) {
  // What is just starting or ending sees the new size when its volume is opened next, or has no more use for it.
  if (!record_.up || !machine_ || machine_ended_ || state_ == PowerState::dying) return done(Step());
  spawn(tell_of_growth(volume, size, std::move(done)));
}

asio::awaitable<void> RunningQube::tell_of_growth(std::string volume, ByteCount size, Done done) {
  auto const self = shared_from_this();
  auto const node = machine::volume_of(volume);
  if (!node) {
    done(vm_error(volume + " is no disk of a machine"));
    co_return;
  }
  resized_.reset();
  refused_request_.reset();
  if (auto const sent = machine_->resize_volume(*node, size); !sent) {
    done(vm_error(sent.error().message));
    co_return;
  }
  auto const decided = [this, node] { return resized_ == node || refused_request_ || machine_ended_ || end_wanted_; };
  bool const in_time = co_await changed_.wait_until(decided, Clock::now() + kMonitorLimit);
  if (!in_time || resized_ != node) {
    done(vm_error(name_ + ": the volume is larger, but its machine does not show it before the next start" + (refused_request_ ? ": " + *refused_request_ : "")));
    co_return;
  }
  // A paused guest grows its file system when it goes on and starts next; to wait for it would be to wait for the user.
  if (state_ != PowerState::running) {
    done(Step());
    co_return;
  }
  auto process = spawn_plan(plan_resize_disk(name_, volume, house_.paths, house_.programs), log_file("qrexec"), nullptr);
  if (process && !co_await wait_for_exit(*process, Clock::now() + kGuestGrowthLimit)) (void)process->signal(SIGKILL);
  auto const status = process ? process->wait(Clock::now() + kHelperGrace) : Result<std::optional<ExitStatus>>(Failure{process.error()});
  bool const grown = status && *status && (*status)->code == 0;
  if (!grown) log::warning(name_ + ": the guest did not grow the file system of its " + volume + " volume; it does at its next start");
  done(Step());
}

}  // namespace bh::dom0
