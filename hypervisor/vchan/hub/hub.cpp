// The loop, the link and the sessions; streams of programs are in hub_streams.cpp.
#include "hypervisor/vchan/hub/hub.h"

#include "hypervisor/vchan/pair_grants.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "base/display_text.h"
#include "base/log.h"

namespace bh::vchan {

namespace {

constexpr std::size_t kBufferSize = 65536;
constexpr int kFillsInARow = 4;  // of the buffer from the link, before the streams have their turn

std::uint32_t random_number() {
  std::uint32_t number = 0;
  BH_ASSERT(::getrandom(&number, sizeof number, 0) == sizeof number);
  return number;
}

}  // namespace

Result<Hub> Hub::create(HubOptions options, Link link, UniqueFd signals) {
  BH_TRY(watch, DirectoryWatch::open(options.directory));
  mux::Engine engine(mux::EngineOptions{options.role, options.config, random_number});
  Hub hub(std::move(options), std::move(link), std::move(signals), std::move(watch), std::move(engine));
  return hub;
}

Hub::Hub(HubOptions options, Link link, UniqueFd signals, DirectoryWatch watch, mux::Engine engine)
    : options_(std::move(options)), link_(std::move(link)), signals_(std::move(signals)), watch_(std::move(watch)),
      engine_(std::move(engine)), buffer_(kBufferSize) {
  if (options_.config) domain_ = options_.config->domain();
}

Result<void> Hub::run() {
  // What a predecessor left behind when it was killed. Names of this shape are nobody's but the hub's of this domain.
  if (options_.role == mux::Role::host) remove_mirrors_of([this](ChannelName const& name) { return name.server == *domain_; });
  BH_CHECK(find_servers(watch_.scan()));
  for (;;) {
    Deadline const now = Clock::now();
    BH_CHECK(attend_link(now));
    try_local_connects(now);
    collect_interests();
    int const ready = ::poll(polled_.data(), polled_.size(), timeout(now));
    if (ready < 0 && errno != EINTR) return Failure{Error::from_errno("wait for events")};
    if (ready <= 0) continue;
    BH_TRY(go_on, serve_ready(Clock::now()));
    if (!go_on) return {};
  }
}

Result<void> Hub::attend_link(Deadline now) {
  if (!link_.connected() && link_.retry_at() <= now) {
    BH_TRY(connected, link_.try_connect(now));
    if (connected) {
      if (link_.fd().open()) BH_CHECK(set_nonblocking(link_.fd(), true));
      if (options_.refresh_config) {
        if (auto config = options_.refresh_config()) engine_.set_config(*std::move(config));
      }
      log::info("the port is up");
      BH_CHECK(perform(engine_.link_up(now)));
    }
  }
  BH_CHECK(perform(engine_.tick(now)));
  if (link_.connected()) write_link();
  return {};
}

Result<void> Hub::link_lost(std::string const& reason, Deadline now) {
  log::info("the port is down: " + reason);
  link_.lost(now);
  return perform(engine_.link_down(reason));
}

// Collects before it works: a virtio-serial port hands out a page at a time, and a page at a time would cost a poll, a parse and a
// write to the program each.
Result<void> Hub::read_link(Deadline now) {
  for (int turn = 0; turn < kFillsInARow; ++turn) {
    std::size_t filled = 0;
    std::optional<std::string> end;
    while (filled < buffer_.size() && !end) {
      auto const got = read_some(link_.fd(), std::span(buffer_).subspan(filled));
      if (!got && got.error().errno_value == EAGAIN) break;
      if (!got || *got == 0) {
        end = got ? "end of stream" : got.error().message;
      } else {
        filled += *got;
      }
    }
    ByteSpan input(buffer_.data(), filled);
    while (!input.empty()) BH_CHECK(perform(engine_.link_bytes(input, now)));
    if (end) return link_lost(*end, now);
    if (filled < buffer_.size()) return {};
  }
  return {};
}

void Hub::write_link() {
  while (!engine_.to_send().empty()) {
    auto const put = write_some(link_.fd(), engine_.to_send());
    // A broken link shows itself to the reading side too, which drops the session in one place.
    if (!put || *put == 0) return;
    engine_.sent(*put);
  }
}

bool Hub::needs_grant(ChannelName const& name) const {
  return options_.role == mux::Role::host && name.server != kDom0 && name.client != kDom0;
}

Result<void> Hub::find_servers(Result<std::vector<DirectoryWatch::Change>> changes) {
  if (!changes) return Failure{std::move(changes).error()};
  bool room = false;
  for (auto const& [name, appeared] : *changes) {
    log::debug((appeared ? "server " : "no server ") + name.file_name());
    if (!appeared) {
      engine_.server_gone(name);
      room = true;
    } else if (needs_grant(name) && !pair_granted(options_.directory, name)) {
      log::debug(name.file_name() + " is not shown: no allowed call asked for it");
    } else if (!engine_.server_appeared(name) && !servers_left_out_) {
      log::warning("more than 512 servers in " + options_.directory.string() + "; the rest is announced when some have gone");
      servers_left_out_ = true;
    }
  }
  if (!room || !servers_left_out_) return {};
  servers_left_out_ = false;
  // Those left out are known to the watch, so it has to tell of them again. Announced ones get a new number by that, no more.
  watch_.forget();
  return find_servers(watch_.scan());
}

Result<void> Hub::perform(mux::Actions const& actions) {
  for (auto const& action : actions) {
    if (auto const* up = std::get_if<mux::SessionUp>(&action)) {
      BH_CHECK(session_up(*up));
    } else if (auto const* down = std::get_if<mux::SessionDown>(&action)) {
      log::warning("session over: " + for_display(down->reason));
      mirrors_.clear();
      locals_.clear();
    } else if (auto const* mirror = std::get_if<mux::MakeMirror>(&action)) {
      make_mirror(*mirror);
    } else if (auto const* removed = std::get_if<mux::RemoveMirror>(&action)) {
      log::debug("no mirror " + std::to_string(removed->listener.value()));
      mirrors_.erase(removed->listener);
    } else if (auto const* connect = std::get_if<mux::ConnectLocal>(&action)) {
      Deadline const now = Clock::now();
      log::debug("stream " + std::to_string(connect->stream.value()) + " to " + connect->name.file_name());
      Local local{UniqueFd(), connect->name, now, now + std::chrono::seconds(2), {}, false};
      locals_.emplace(connect->stream, std::move(local));
      try_local_connects(now);
    } else if (auto const* data = std::get_if<mux::Deliver>(&action)) {
      deliver(*data);
    } else if (auto const* close = std::get_if<mux::CloseLocal>(&action)) {
      auto const found = locals_.find(close->stream);
      if (found != locals_.end()) found->second.closing = true;
      flush_local(close->stream);
    }
  }
  return {};
}

Result<void> Hub::session_up(mux::SessionUp const& up) {
  log::info("session up");
  if (options_.role == mux::Role::host) return {};
  auto const config = GuestConfig::parse(up.config);
  BH_ASSERT(config.ok());
  bool const another = domain_ && *domain_ != config->own_number();
  domain_ = config->own_number();
  remove_mirrors_of([this](ChannelName const& name) { return name.client == *domain_ && name.server != *domain_; });
  if (another) {
    watch_.forget();
    BH_CHECK(find_servers(watch_.scan()));
  }
  return options_.take_config(up.config);
}

void Hub::remove_mirrors_of(std::function<bool(ChannelName const&)> const& stale) {
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(options_.directory, failed), end; !failed && entry != end; entry.increment(failed)) {
    auto const name = ChannelName::parse(entry->path().filename().string());
    std::error_code ignored;  // somebody else removed it
    if (name && stale(*name)) std::filesystem::remove(entry->path(), ignored);
  }
}

int Hub::timeout(Deadline now) const {
  std::optional<Deadline> next = engine_.next_tick();
  auto const sooner = [&next](Deadline when) { next = next ? std::min(*next, when) : when; };
  if (!link_.connected()) sooner(link_.retry_at());
  for (auto const& [id, local] : locals_) {
    if (!local.fd.open()) sooner(local.connect_again);
  }
  if (!next) return -1;
  auto const left = std::chrono::ceil<std::chrono::milliseconds>(*next - now).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

void Hub::collect_interests() {
  polled_.clear();
  interests_.clear();
  auto const add = [this](UniqueFd const& fd, int events, Interest interest) {
    // Without interest in it a descriptor is left out: poll would report its hang-up again and again.
    if (events == 0) return;
    polled_.push_back({fd.borrow(), static_cast<short>(events), 0});
    interests_.push_back(interest);
  };
  bool const input = engine_.wants_input();
  add(signals_, POLLIN, {Kind::signals, 0});
  if (input) add(watch_.pollable(), POLLIN, {Kind::folder, 0});
  if (!link_.connected() && link_.wake().open()) add(link_.wake(), POLLIN, {Kind::link_wake, 0});
  if (link_.connected()) add(link_.fd(), POLLIN | (engine_.to_send().empty() ? 0 : POLLOUT), {Kind::link, 0});
  if (input && engine_.may_open()) {
    for (auto const& [id, server] : mirrors_) add(server.pollable(), POLLIN, {Kind::mirror, id.value()});
  }
  for (auto const& [id, local] : locals_) {
    if (!local.fd.open()) continue;
    bool const read = input && engine_.budget(id) > 0;
    add(local.fd, (read ? POLLIN : 0) | (local.pending.empty() ? 0 : POLLOUT), {Kind::stream, id.value()});
  }
}

Result<bool> Hub::serve_ready(Deadline now) {
  bool folder = false;
  bool link = false;
  for (std::size_t i = 0; i < polled_.size(); ++i) {
    if (polled_[i].revents == 0) continue;
    switch (interests_[i].kind) {
      case Kind::signals: return false;
      case Kind::folder: folder = true; break;
      case Kind::link: link = (polled_[i].revents & ~POLLOUT) != 0; break;
      case Kind::link_wake: link_.woken(now); break;
      case Kind::mirror: accept_mirror(mux::ListenerId(interests_[i].id)); break;
      case Kind::stream:
        if ((polled_[i].revents & POLLOUT) != 0) flush_local(mux::StreamId(interests_[i].id));
        break;
    }
  }
  serve_streams();
  if (folder) BH_CHECK(find_servers(watch_.read()));
  if (link) BH_CHECK(read_link(now));
  return true;
}

}  // namespace bh::vchan
