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

namespace bh::bench {

namespace {

using namespace std::chrono_literals;

constexpr int kWidth = 1920;
constexpr int kHeight = 1080;
constexpr int kSmallWidth = 64;
constexpr int kSmallHeight = 20;
constexpr std::size_t kWindowMemory = std::size_t{64} << 20;
constexpr int kRounds = 60;

double copy_time(std::size_t bytes) {
  std::vector<std::byte> from(bytes, std::byte{1});
  std::vector<std::byte> to(bytes);
  std::vector<double> times;
  for (int i = 0; i < kRounds; ++i) {
    auto const begun = Clock::now();
    std::memcpy(to.data(), from.data(), bytes);
    // The copy is observable, so it happens.
    asm volatile("" : : "r"(to.data()) : "memory");
    times.push_back(std::chrono::duration<double>(Clock::now() - begun).count());
  }
  return median(times);
}

template <class Frame>
double middle_of(Frame const& frame) {
  std::vector<double> times;
  for (int i = 0; i < kRounds; ++i) {
    double const took = frame();
    if (took < 0) return -1;
    times.push_back(took);
  }
  return median(times);
}

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
  BH_TRY(pipe, make_pipe());
  BH_TRY(server, ChildProcess::spawn({.argv = {"Xvfb", "-displayfd", "3", "-screen", "0", "2048x1280x24", "-nolisten", "tcp"},
                                      .fds = {{&pipe.second, 3}}}));
  relay->processes.push_back(std::move(server));
  pipe.second.reset();
  std::byte buffer[16];
  BH_TRY(got, read_some(pipe.first, buffer));
  std::string number(as_text(ByteSpan(buffer, got)));
  number.erase(number.find_last_not_of('\n') + 1);
  relay->display = ":" + number;
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

std::vector<Row> measure() {
  auto const relay = start_relay();
  if (!relay) return {skipped("window", relay.error().message)};
  auto direct = X11Surface::create((*relay)->display, kWidth, kHeight);
  if (!direct) return {skipped("window", direct.error().message)};
  std::string const socket = ((*relay)->folder.path() / "wayland-0").string();
  if (!e2e::eventually([&] { return std::filesystem::exists(socket); }, 20s)) return {skipped("window", "the agent opens no Wayland socket")};
  auto window = WaylandWindow::open(socket, kWidth, kHeight);
  if (!window) return {skipped("window", window.error().message)};
  // The first frames map the window and fault the memory in.
  for (int i = 0; i < 5; ++i) {
    if (window->frame(kWidth, kHeight) < 0 || direct->put(kWidth, kHeight) < 0) return {skipped("window", "the first frames did not arrive")};
  }
  double const copy = copy_time(std::size_t{4} * kWidth * kHeight);
  double const direct_full = middle_of([&] { return direct->put(kWidth, kHeight); });
  double const direct_small = middle_of([&] { return direct->put(kSmallWidth, kSmallHeight); });
  double const full = middle_of([&] { return window->frame(kWidth, kHeight); });
  double const small = middle_of([&] { return window->frame(kSmallWidth, kSmallHeight); });
  if (full < 0 || small < 0 || direct_full < 0 || direct_small < 0) return {skipped("window", "a frame was not answered within 10 s")};
  return {
      Row{.id = "window.memcpy-1080p", .value = copy * 1e3, .unit = "ms"},
      Row{.id = "window.full-frame", .value = full * 1e3, .unit = "ms", .against = "one memcpy + direct MIT-SHM",
          .against_value = (copy + direct_full) * 1e3, .ratio_at_most = 1.3},
      Row{.id = "window.small-update", .value = small * 1e6, .unit = "us", .against = "direct MIT-SHM", .against_value = direct_small * 1e6,
          .added_at_most = 200},
  };
}

}  // namespace

Group windows_group() { return {"windows", "1920x1080 and 64x20 updates through agent and daemon on one host", measure}; }

}  // namespace bh::bench
