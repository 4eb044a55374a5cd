#include "dom0/core/life/personaliser.h"

#include <fcntl.h>
#include <signal.h>

#include <asio/buffer.hpp>

#include "dom0/core/life/helper_log.h"

namespace bh::dom0 {

namespace {
constexpr std::chrono::seconds kReapLimit{1};
}

Result<std::shared_ptr<Personaliser>> Personaliser::start(asio::io_context& io, ChildPlan const& plan, std::filesystem::path const& log_file,
                                                          std::function<void()> changed) {
  keep_short(log_file);
  BH_TRY(log, open_file(log_file, O_WRONLY | O_CREAT | O_APPEND, 0600));
  BH_TRY(pipe, make_pipe());
  SpawnOptions options;
  options.argv = plan.argv;
  options.environment = plan.environment;
  options.fds = {{&pipe.second, 1}, {&log, 2}};
  // A clone whose orders nobody follows any more is of no use to anybody.
  options.die_with_parent = true;
  BH_TRY(process, ChildProcess::spawn(options));
  auto personaliser = std::make_shared<Personaliser>(io, std::move(process), std::move(pipe.first), std::move(changed));
  personaliser->listen();
  return personaliser;
}

Personaliser::Personaliser(asio::io_context& io, ChildProcess process, UniqueFd output, std::function<void()> changed)
    : process_(std::move(process)), output_(io, output.release()), changed_(std::move(changed)) {}

Personaliser::~Personaliser() {
  if (process_.running()) (void)process_.signal(SIGKILL);
  (void)process_.wait(Clock::now() + kReapLimit);
}

void Personaliser::listen() {
  output_.async_read_some(asio::buffer(buffer_), [weak = weak_from_this()](std::error_code error, std::size_t count) {
    auto const self = weak.lock();
    if (!self) return;
    self->progress_.feed(std::string_view(self->buffer_.data(), count));
    if (error) self->progress_.end();
    else if (!self->progress_.decided()) self->listen();
    self->changed_();
  });
}

}  // namespace bh::dom0
