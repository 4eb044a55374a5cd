#include "hypervisor/personal/guest/guest.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "base/gone_watch.h"
#include "base/number.h"
#include "hypervisor/personal/guest/identity.h"
#include "hypervisor/personal/guest/journal.h"
#include "hypervisor/personal/guest/kernel_random.h"
#include "hypervisor/personal/guest/private_volume.h"
#include "hypervisor/personal/message.h"
#include "hypervisor/vchan/server.h"

namespace bh::personal {

namespace {

using vchan::GuestConfig;

// The initrd has loaded the disks' driver before us, so a disk that is there is there soon.
constexpr std::chrono::seconds kDiskTime{5};
constexpr std::chrono::seconds kSizeTime{10};
constexpr std::chrono::seconds kOrdersTime{20};
// First calls and windows come before the journal's new beginning.
constexpr std::chrono::milliseconds kQuiet{1500};

Result<GuestConfig> read_config(std::filesystem::path const& path) {
  BH_TRY(text, read_file(path, GuestConfig::kMaxSize));
  auto config = GuestConfig::parse(text);
  if (!config) return Failure{Error{path.string() + ": " + to_string(config.error())}};
  return *std::move(config);
}

Result<void> take_name(GuestConfig const& config) {
  auto const name = config.value("QUBE_NAME");
  if (!name || name->empty()) return Failure{Error{"the configuration channel gave no QUBE_NAME; see the log of dom0's hub"}};
  return set_host_name("/", *name);
}

Result<void> expect_size(Disk const& disk, GuestConfig const& config, std::string_view key) {
  auto const wanted = config.value(key);
  if (!wanted) return {};
  auto const bytes = parse_decimal(*wanted);
  if (!bytes) return Failure{Error{std::string(key) + " is not a number"}};
  return wait_for_size(disk, ByteCount(*bytes), Clock::now() + kSizeTime);
}

Result<void> take_volumes(GuestConfig const& config) {
  auto disk = find_disk("private", Clock::now() + kDiskTime);
  if (!disk) {
    if (disk.error().errno_value != ENOENT) return Failure{disk.error()};
    return Failure{Error{"no disk with serial 'private'; without it the user's files would be lost at stop, so this qube goes down"}};
  }
  BH_CHECK(expect_size(*disk, config, "PRIVATE_BYTES"));
  BH_CHECK(prepare_private_volume(*disk));
  BH_CHECK(mount_private_volume(*disk));
  // The volatile one is optional, and looked for only now: the private one's driver has brought it too.
  auto const scratch = find_disk("volatile", Clock::now());
  if (!scratch) return {};
  BH_CHECK(expect_size(*scratch, config, "VOLATILE_BYTES"));
  return use_as_swap(*scratch);
}

// What a clone must not have in common with its siblings. Drawn only after the generator is its own.
Result<void> take_machine_id(Orders const& orders) {
  auto const given = orders.config.value("MACHINE_ID");
  if (given && !is_machine_id(*given)) return Failure{Error{"MACHINE_ID is not 32 lower hex digits"}};
  BH_TRY(drawn, random_id());
  return set_machine_id("/", given ? *given : std::string_view(drawn));
}

Result<void> take_boot_id(GuestPlaces const& places) {
  BH_TRY(id, random_id());
  return cover_boot_id(places.run_folder, id);
}

Result<void> remove_hold(GuestPlaces const& places) {
  if (::unlink(hold_file(places).c_str()) != 0 && errno != ENOENT) return Failure{Error::from_errno("let the programs begin")};
  return {};
}

Result<void> reply(UniqueFd const& peer, Reply const& what) { return write_all(peer, encode(what)); }

Result<Orders> take_orders(UniqueFd const& peer) {
  Deadline const deadline = Clock::now() + kOrdersTime;
  OrdersReader reader;
  std::array<std::byte, 16384> chunk;
  for (;;) {
    BH_TRY(ready, wait_for(peer, POLLIN, deadline));
    if (!ready) return Failure{Error{"dom0's orders did not come whole in time"}};
    BH_TRY(got, read_some(peer, chunk));
    if (got == 0) return Failure{Error{"dom0 left before its orders were whole"}};
    auto orders = reader.add(ByteSpan(chunk).first(got));
    if (!orders) return Failure{Error{to_string(orders.error())}};
    if (*orders) return **std::move(orders);
  }
}

Result<void> follow(GuestPlaces const& places, Orders const& orders, UniqueFd const& peer) {
  BH_CHECK(reseed_kernel(orders.entropy));
  BH_CHECK(reply(peer, Reseeded{}));
  BH_CHECK(set_clock(orders.time_ns));
  BH_CHECK(take_name(orders.config));
  BH_CHECK(take_machine_id(orders));
  BH_CHECK(take_volumes(orders.config));
  // Beside the other mounts: both of systemd's managers read the table again at each change.
  BH_CHECK(take_boot_id(places));
  BH_CHECK(remove_hold(places));
  return reply(peer, Personalised{});
}

Result<UniqueFd> await_dom0(GuestPlaces const& places, DomainId own) {
  BH_TRY(server, vchan::Server::listen(places.vchan_folder, {own, kDom0, kPort}, 0600));
  for (;;) {
    auto peer = server.accept(Clock::now() + std::chrono::hours(24));
    if (peer || peer.error().errno_value != ETIMEDOUT) return peer;
  }
}

}  // namespace

std::filesystem::path hold_file(GuestPlaces const& places) { return places.run_folder / "preparing"; }

Result<void> boot(GuestPlaces const& places) {
  BH_TRY(config, read_config(places.env_file));
  if (auto const time = parse_decimal(config.value("TIME").value_or(""), INT32_MAX)) BH_CHECK(correct_clock(*time));
  auto const warm = config.value("WARM");
  if (!warm) {
    BH_CHECK(take_name(config));
    return take_volumes(config);
  }
  if (*warm != "prepare") return Failure{Error{"WARM is '" + std::string(*warm) + "'; this template knows only 'prepare'"}};
  return write_file_atomically(hold_file(places), "", 0644);
}

Result<void> serve(GuestPlaces const& places) {
  BH_TRY(config, read_config(places.env_file));
  BH_TRY(peer, await_dom0(places, config.own_number()));
  auto const orders = take_orders(peer);
  auto const done = orders ? follow(places, *orders, peer) : Result<void>(Failure{orders.error()});
  if (!done) {
    (void)reply(peer, Failed{done.error().message});
    return done;
  }
  peer.reset();
  std::this_thread::sleep_for(kQuiet);
  return renew_journal();
}

Result<void> hold(GuestPlaces const& places, std::vector<std::string> const& argv) {
  BH_TRY(watch, GoneWatch::of(hold_file(places)));
  for (bool gone = false; !gone;) {
    BH_TRY(now, watch.wait(Clock::now() + std::chrono::hours(24)));
    gone = now;
  }
  BH_TRY(config, read_config(places.env_file));
  for (char const* key : {"QUBE_NAME", "QUBE_TYPE", "VCHAN_DOMAIN", "VCHAN_SOCKET_DIR"}) {
    if (auto const value = config.value(key)) ::setenv(key, std::string(*value).c_str(), 1);
  }
  if (char const* const home = std::getenv("HOME"); home != nullptr && ::chdir(home) != 0) return Failure{Error::from_errno("go home")};
  std::vector<char*> words;
  for (auto const& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  return Failure{Error::from_errno("start " + argv[0])};
}

}  // namespace bh::personal
