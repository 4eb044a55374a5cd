#include "hypervisor/personal/host.h"

#include <sys/random.h>
#include <time.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/display_text.h"
#include "hypervisor/personal/message.h"
#include "hypervisor/vchan/client.h"
#include "hypervisor/vchan/hub/directory_watch.h"

namespace bh::personal {

namespace {

using vchan::GuestConfig;

Result<GuestConfig> read_facts(HostOptions const& options) {
  BH_TRY(text, read_file(options.facts_file, GuestConfig::kMaxSize));
  auto config = GuestConfig::parse(text);
  if (!config) return Failure{Error{options.facts_file.string() + ": " + to_string(config.error())}};
  if (config->domain() != options.domain) {
    return Failure{Error{options.facts_file.string() + " is of domain " + std::to_string(config->domain().value()) + ", not of " +
                         std::to_string(options.domain.value())}};
  }
  return *std::move(config);
}

Result<Bytes> fresh_entropy() {
  Bytes bytes(kMinEntropy);
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return Failure{Error::from_errno("draw entropy")};
  return bytes;
}

// The clone's server appears once its hub has answered.
Result<UniqueFd> connect_to_clone(HostOptions const& options, Deadline deadline) {
  vchan::ChannelName const name{options.domain, kDom0, kPort};
  BH_TRY(watch, vchan::DirectoryWatch::open(options.vchan_folder));
  BH_TRY(seen, watch.scan());
  for (;;) {
    BH_TRY(stream, vchan::try_connect(options.vchan_folder, name));
    if (stream) return *std::move(stream);
    BH_TRY(ready, wait_for(watch.pollable(), POLLIN, deadline));
    if (!ready) return Failure{Error{"no answer: the clone did not ask for its orders in time", ETIMEDOUT}};
    BH_TRY(changes, watch.read());
  }
}

Result<Bytes> make_orders(GuestConfig const& facts) {
  BH_TRY(entropy, fresh_entropy());
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::uint64_t const nanoseconds = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
  return encode(Orders{std::move(entropy), nanoseconds, facts});
}

void say(std::FILE* out, std::string const& line) {
  std::fprintf(out, "%s\n", line.c_str());
  std::fflush(out);
}

// True: personalised. False: the clone said why not, which has been printed.
Result<bool> hear_replies(UniqueFd const& clone, std::FILE* out, Deadline deadline) {
  ReplyReader reader;
  std::array<std::byte, 512> chunk;
  for (;;) {
    BH_TRY(ready, wait_for(clone, POLLIN, deadline));
    if (!ready) return Failure{Error{"no answer: the clone did not finish in time", ETIMEDOUT}};
    BH_TRY(got, read_some(clone, chunk));
    if (got == 0) return Failure{Error{"the clone closed the channel before it was done"}};
    ByteSpan input = ByteSpan(chunk).first(got);
    while (!input.empty()) {
      // GUARD: a clone whose snapshot was hostile, or that was taken over at once: three kinds of reply in their order, nothing else.
      auto const reply = reader.next(input);
      if (!reply) return Failure{Error{std::string("the clone broke the protocol: ") + to_string(reply.error())}};
      if (!*reply) break;
      if (auto const* failed = std::get_if<Failed>(&**reply)) return say(out, "failed the clone says: " + failed->text), false;
      if (std::holds_alternative<Personalised>(**reply)) return say(out, "personalised"), true;
      say(out, "reseeded");
    }
  }
}

Result<bool> run(HostOptions const& options, std::FILE* out) {
  Deadline const deadline = Clock::now() + options.timeout;
  BH_TRY(facts, read_facts(options));
  BH_TRY(clone, connect_to_clone(options, deadline));
  BH_TRY(orders, make_orders(facts));
  BH_CHECK(write_all(clone, orders));
  ::explicit_bzero(orders.data(), orders.size());
  return hear_replies(clone, out, deadline);
}

}  // namespace

HostEnd personalise(HostOptions const& options, std::FILE* out) {
  auto const done = run(options, out);
  if (done) return *done ? HostEnd::personalised : HostEnd::failed;
  say(out, "failed " + for_display(done.error().message, kMaxFailureText));
  return done.error().errno_value == ETIMEDOUT ? HostEnd::no_answer : HostEnd::failed;
}

}  // namespace bh::personal
