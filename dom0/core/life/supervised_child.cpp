#include "dom0/core/life/supervised_child.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <asio/posix/stream_descriptor.hpp>

#include "base/log.h"

namespace bh::dom0 {

namespace {

using namespace std::chrono_literals;

// A helper that lived this long was healthy; its end is the first failure of a new row.
constexpr auto kHealthy = 30s;
constexpr std::uintmax_t kLogLimit = 4U << 20U;

}  // namespace

Result<ChildProcess> spawn_plan(ChildPlan const& plan, std::filesystem::path const& log_file, UniqueFd const* window_memory) {
  // One old log is kept, so that a helper that fails over and over cannot fill the disk.
  std::error_code error;
  if (std::filesystem::file_size(log_file, error) > kLogLimit && !error) std::filesystem::rename(log_file, log_file.string() + ".old", error);
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
    : io_(io), qube_(std::move(qube)), plan_(std::move(plan)), log_file_(std::move(log_file)), hooks_(std::move(hooks)), retry_(io) {}

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
}

void SupervisedChild::ended() {
  auto const status = process_->wait(Clock::now());
  process_.reset();
  if (stopping_) return;
  std::string const code = status && *status ? std::to_string((*status)->code) : "?";
  failures_ = Clock::now() - started_ > kHealthy ? 0 : failures_ + 1;
  auto const delay = std::min<std::chrono::milliseconds>(10s, 100ms * (1U << std::min(failures_, 7U)));
  log::warning(qube_ + ": " + plan_.role + " ended with status " + code + "; it is started again in " + std::to_string(delay.count()) + " ms (see " +
               log_file_.string() + ")");
  hooks_.changed();
  retry_.expires_after(delay);
  retry_.async_wait([weak = weak_from_this()](std::error_code error) {
    auto const self = weak.lock();
    if (error || !self || self->stopping_) return;
    if (auto const started = self->start(); !started) log::error(self->qube_ + ": " + self->plan_.role + " does not start: " + started.error().message);
  });
}

void SupervisedChild::stop() {
  stopping_ = true;
  retry_.cancel();
  if (running()) (void)process_->signal(SIGTERM);
}

void SupervisedChild::kill_now() {
  stop();
  if (running()) (void)process_->signal(SIGKILL);
}

}  // namespace bh::dom0
