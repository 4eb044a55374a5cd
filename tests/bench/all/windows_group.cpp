// Full and small updates through agent and daemon on one host, against one memcpy and the direct MIT-SHM path in the same run.
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "base/child_process.h"
#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "tests/bench/all/row.h"
#include "tests/bench/all/wayland_window.h"
#include "tests/bench/all/x11_surface.h"
#include "tests/e2e/all/installation.h"
#include "tests/e2e/all/x_server.h"

namespace bh::bench {

namespace {

using namespace std::chrono_literals;

constexpr int kWidth = 1920;
constexpr int kHeight = 1080;
constexpr int kSmallWidth = 64;
constexpr int kSmallHeight = 20;
constexpr std::size_t kWindowMemory = std::size_t{64} << 20;
constexpr int kBlocks = 6;
constexpr int kRounds = 12;  // in each block
constexpr int kWarmUp = 2;   // of those, not counted: exposures after the windows changed places, cold caches

// The agent answers frame callbacks at most every 16 ms (FramePacer::kShortest), counted from the last answer. That is a promise to programs, not
// work: who commits again at once would measure the pause. So every measured step comes this long after the last: a callback is then
// answered as soon as FRAME_DONE is known, and what is measured runs from the commit to the pixels' arrival on the screen and back to the
// program. The peers keep the same rhythm, so that caches and clocks treat all alike.
constexpr auto kRest = 20ms;

using Samples = std::vector<double>;

// One block of measurements; false if one failed.
template <class Step>
bool measure_block(Samples& samples, Step const& step) {
  for (int i = 0; i < kRounds; ++i) {
    std::this_thread::sleep_for(kRest);
    double const took = step();
    if (took < 0) return false;
    if (i >= kWarmUp) samples.push_back(took);
  }
  return true;
}

// One memcpy of a full frame.
class FrameCopy {
 public:
  double operator()() {
    auto const begun = Clock::now();
    std::memcpy(to_.data(), from_.data(), from_.size());
    // The copy is observable, so it happens.
    asm volatile("" : : "r"(to_.data()) : "memory");
    return std::chrono::duration<double>(Clock::now() - begun).count();
  }

 private:
  std::vector<std::byte> from_ = std::vector<std::byte>(std::size_t{4} * kWidth * kHeight, std::byte{1});
  std::vector<std::byte> to_ = std::vector<std::byte>(std::size_t{4} * kWidth * kHeight);
};

// Xvfb, agent and daemon on one host, joined by a socket vchan, as the test transport of the peer.
struct Relay {
  TempDir folder;
  std::vector<ChildProcess> processes;
  std::string display;
  ~Relay() {
    for (auto it = processes.rbegin(); it != processes.rend(); ++it) static_cast<void>(it->terminate(5s));
  }
};

Result<std::unique_ptr<Relay>> start_relay() {
  BH_TRY(folder, TempDir::create("bh-bench"));
  auto relay = std::unique_ptr<Relay>(new Relay{std::move(folder), {}, {}});
  BH_TRY(server, e2e::start_x_server("2048x1280x24"));
  relay->processes.push_back(std::move(server.process));
  relay->display = std::move(server.display);
  BH_TRY(memory, make_sealed_memory("window-memory", kWindowMemory));
  std::string const dir = relay->folder.path().string();
  BH_TRY(agent, ChildProcess::spawn({.argv = {e2e::program("bulkhead-gui-agent"), "--memory-fd", "5"},
                                     .fds = {{&memory, 5}},
                                     .environment = {{"VCHAN_DOMAIN", "7"}, {"VCHAN_SOCKET_DIR", dir}, {"XDG_RUNTIME_DIR", dir},
                                                     {"WAYLAND_DISPLAY", "wayland-0"}, {"GUI_TRANSPORT", "window-memory"},
                                                     {"KEYBOARD_LAYOUT", "us++"}, {"QUBE_NAME", "bench"}}}));
  relay->processes.push_back(std::move(agent));
  BH_TRY(daemon, ChildProcess::spawn({.argv = {e2e::program("bulkhead-gui-daemon"), "--domain", "7", "--name", "bench", "--label", "blue", "--color",
                                               "0x3465a4", "--window-memory-fd", "5"},
                                      .fds = {{&memory, 5}},
                                      .environment = {{"VCHAN_DOMAIN", "0"}, {"VCHAN_SOCKET_DIR", dir}, {"DISPLAY", relay->display}}}));
  relay->processes.push_back(std::move(daemon));
  return relay;
}

Row skipped(std::string id, std::string why) { return Row{.id = std::move(id), .skipped = std::move(why)}; }

struct Figures {
  Samples copy, direct_full, direct_small, full, small, unpaused;
};

// In turn, so that a noisy minute meets all of them.
bool measure_all(X11Surface& direct, WaylandWindow& window, Figures& figures) {
  FrameCopy copy;
  for (int block = 0; block < kBlocks; ++block) {
    direct.stack(true);
    bool ok = measure_block(figures.copy, [&] { return copy(); }) &&
              measure_block(figures.direct_full, [&] { return direct.put(kWidth, kHeight); }) &&
              measure_block(figures.direct_small, [&] { return direct.put(kSmallWidth, kSmallHeight); });
    direct.stack(false);
    ok = ok && measure_block(figures.full, [&] { return window.frame(kWidth, kHeight); }) &&
         measure_block(figures.small, [&] { return window.frame(kSmallWidth, kSmallHeight); });
    for (int i = 0; ok && i < kRounds; ++i) {
      double const took = window.frame(kWidth, kHeight);
      ok = took >= 0;
      if (i >= kWarmUp) figures.unpaused.push_back(took);
    }
    if (!ok) return false;
  }
  return true;
}

std::vector<Row> measure() {
  auto const relay = start_relay();
  if (!relay) return {skipped("window", relay.error().message)};
  auto direct = X11Surface::create((*relay)->display, kWidth, kHeight);
  if (!direct) return {skipped("window", direct.error().message)};
  std::string const socket = ((*relay)->folder.path() / "wayland-0").string();
  if (!e2e::eventually([&] { return std::filesystem::exists(socket); }, 20s)) return {skipped("window", "the agent opens no Wayland socket")};
  auto window = WaylandWindow::open(socket, kWidth, kHeight);
  if (!window) return {skipped("window", window.error().message)};
  Figures figures;
  if (!measure_all(*direct, *window, figures)) return {skipped("window", "a frame was not answered within 10 s")};
  double const copy = median(figures.copy);
  double const direct_full = median(figures.direct_full);
  return {
      Row{.id = "window.memcpy-1080p", .value = copy * 1e3, .unit = "ms"},
      Row{.id = "window.direct-full-frame", .value = direct_full * 1e3, .unit = "ms"},
      Row{.id = "window.full-frame", .value = median(figures.full) * 1e3, .unit = "ms", .against = "one memcpy + direct MIT-SHM",
          .against_value = (copy + direct_full) * 1e3, .ratio_at_most = 1.3},
      Row{.id = "window.small-update", .value = median(figures.small) * 1e6, .unit = "us", .against = "direct MIT-SHM",
          .against_value = median(figures.direct_small) * 1e6, .added_at_most = 200},
      Row{.id = "window.frame-interval", .value = median(figures.unpaused) * 1e3, .unit = "ms", .against = "the agent's shortest, 60 a second",
          .against_value = 16},
  };
}

}  // namespace

Group windows_group() { return {"windows", "1920x1080 and 64x20 updates through agent and daemon on one host", measure}; }

}  // namespace bh::bench
