#include "dom0/core/life/supervised_child.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <asio/posix/stream_descriptor.hpp>

#include "base/log.h"
#include "dom0/core/life/helper_log.h"

namespace bh::dom0 {

namespace {

using namespace std::chrono_literals;

// A helper that lived this long was healthy; its end is the first failure of a new row.
constexpr auto kHealthy = 30s;
constexpr auto kLogTurn = 20s;

}  // namespace

Result<ChildProcess> spawn_plan(ChildPlan const& plan, std::filesystem::path const& log_file, UniqueFd const* window_memory) {
  keep_short(log_file);
  BH_TRY(log, open_file(log_file, O_WRONLY | O_CREAT | O_APPEND, 0600));
  SpawnOptions options;
  options.argv = plan.argv;
  options.environment = plan.environment;
  options.fds = {{&log, 1}, {&log, 2}};
  if (window_memory != nullptr) options.fds.emplace_back(window_memory, kWindowMemoryFd);
  options.new_session = true;  // qubes outlive the terminal bulkheadd was started from
  return ChildProcess::spawn(options);
}

SupervisedChild::SupervisedChild(asio::io_context& io, std::string qube, ChildPlan plan, std::filesystem::path log_file, Hooks hooks)
    : io_(io), qube_(std::move(qube)), plan_(std::move(plan)), log_file_(std::move(log_file)), hooks_(std::move(hooks)), retry_(io), log_turn_(io) {}

Result<void> SupervisedChild::start() {
  if (hooks_.before_start) hooks_.before_start();
  UniqueFd const* memory = nullptr;
  if (plan_.wants_window_memory) {
    memory = &hooks_.window_memory();
    if (!memory->open()) return Failure{Error{"the qube has no window memory for its " + plan_.role, 0}};
  }
  BH_TRY(process, spawn_plan(plan_, log_file_, memory));
  process_ = std::move(process);
  started_ = Clock::now();
  hooks_.changed();
  watch();
  return {};
}

bool SupervisedChild::adopt(ProcessRecord const& record) {
  auto process = ChildProcess::adopt(record.pid, record.start_time);
  if (!process) return false;
  process_ = std::move(*process);
  started_ = Clock::now();
  watch();
  return true;
}

std::optional<ProcessRecord> SupervisedChild::record() const {
  if (!process_) return std::nullopt;
  return ProcessRecord{process_->pid(), process_->start_time()};
}

void SupervisedChild::watch() {
  auto fd = process_->pidfd().duplicate();
  if (!fd) return log::error(qube_ + ": " + plan_.role + " cannot be watched: " + fd.error().message);
  auto descriptor = std::make_shared<asio::posix::stream_descriptor>(io_, fd->release());
  descriptor->async_wait(asio::posix::stream_descriptor::wait_read, [self = weak_from_this(), descriptor](std::error_code error) {
    if (auto const child = self.lock(); child && !error) child->ended();
  });
  watch_log();
}

void SupervisedChild::watch_log() {
  log_turn_.expires_after(kLogTurn);
  log_turn_.async_wait([weak = weak_from_this()](std::error_code error) {
    auto const self = weak.lock();
    if (error || !self || !self->running()) return;
    keep_short(self->log_file_);
    self->watch_log();
  });
}

void SupervisedChild::ended() {
  auto const status = process_->wait(Clock::now());
  process_.reset();
  if (hooks_.ended) hooks_.ended();
  if (stopping_) return;
  std::string const code = status && *status ? std::to_string((*status)->code) : "?";
  if (Clock::now() - started_ > kHealthy) failures_ = 0;
  log::warning(qube_ + ": " + plan_.role + " ended with status " + code + " (see " + log_file_.string() + ")");
  hooks_.changed();
  start_later();
}

void SupervisedChild::start_later() {
  ++failures_;
  auto const delay = std::min<std::chrono::milliseconds>(10s, 100ms * (1U << std::min(failures_, 7U)));
  log::info(qube_ + ": " + plan_.role + " is started again in " + std::to_string(delay.count()) + " ms");
  retry_.expires_after(delay);
  retry_.async_wait([weak = weak_from_this()](std::error_code error) {
    auto const self = weak.lock();
    if (error || !self || self->stopping_) return;
    auto const started = self->start();
    if (started) return;
    // A full disk or table of processes passes; a qube without its helper would stay half dead.
    log::error(self->qube_ + ": " + self->plan_.role + " does not start: " + started.error().message);
    self->start_later();
  });
}

void SupervisedChild::stop() {
  stopping_ = true;
  retry_.cancel();
  log_turn_.cancel();
  if (running()) (void)process_->signal(SIGTERM);
}

void SupervisedChild::kill_now() {
  stop();
  if (running()) (void)process_->signal(SIGKILL);
}

}  // namespace bh::dom0
