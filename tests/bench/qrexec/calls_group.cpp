// Two qubes' agents and daemons, the policy daemon and a stand-in for bulkheadd, all on one host without a virtual machine. The caller is
// played by this program, so that no start of a process of ours is in the figure.
#include "tests/bench/qrexec/calls_group.h"

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/unix_socket.h"
#include "fake_admin.h"
#include "fake_peer.h"
#include "qrexec_world.h"

namespace bh::bench {
namespace {

using namespace qrexec_test;

constexpr char kSystem[] = R"({"domains": {
  "dom0": {"type": "AdminVM", "power_state": "Running"},
  "work": {"type": "AppVM", "power_state": "Running", "uuid": "00000000-0000-0000-0000-000000000001"},
  "vault": {"type": "AppVM", "power_state": "Running", "uuid": "00000000-0000-0000-0000-000000000002"}}})";

// A service that echoes each connection's bytes after its header.
class EchoService {
 public:
  explicit EchoService(std::filesystem::path const& socket) : listener_(*listen_unix(socket, 256)) {
    thread_ = std::thread([this] {
      for (;;) {
        auto peer = accept_unix(listener_);
        if (!peer) return;
        std::thread([fd = *std::move(peer)] {
          std::byte chunk[4096];
          for (bool header = true;; header = false) {
            auto const count = read_some(fd, chunk);
            if (!count || *count == 0) return;
            ByteSpan bytes(chunk, *count);
            if (header) bytes = bytes.subspan(as_text(bytes).find('\0') + 1);
            if (!bytes.empty() && !write_all(fd, bytes)) return;
          }
        }).detach();
      }
    });
  }
  ~EchoService() {
    ::shutdown(listener_.borrow(), SHUT_RDWR);
    thread_.join();
  }

 private:
  UniqueFd listener_;
  std::thread thread_;
};

class TwoQubes {
 public:
  TwoQubes() {
    world_.policy_program = QrexecWorld::program("qrexec-policy-exec");
    for (char const* name : {"run/policy.d", "etc/policy.d"}) std::filesystem::create_directories(world_.folder() / name);
    world_.write("etc/policy.d/30-bench.policy", "bench.Echo * work vault allow\nbench.True * work vault allow\n");
    std::filesystem::create_symlink("/bin/true", world_.folder() / "rpc/bench.True");
    admin_.emplace(world_.folder() / "run/qubesd.sock", kSystem, [](auto const&) { return FakeAdmin::ok(); });
    echo_.emplace(world_.folder() / "rpc/bench.Echo");
    world_.running.push_back(world_.start(0, {"qrexec-policy-daemon"}));
    (void)eventually([&] { return connect_unix(world_.folder() / "run/policy.sock").ok(); });
    world_.qube(42, "work");
    world_.qube(43, "vault");
  }

  // From the request to the first byte back, or to the exit code. In us; negative where it failed.
  double call(std::string const& service, bool echo) {
    auto const begun = Clock::now();
    FakePeer agent = FakePeer::connect(world_.agent_socket(42));
    agent.send(0x213, fixed("", 64) + fixed("vault", 64) + fixed("SOCKET", 32) + terminated(service));
    std::string const address = agent.receive_raw(8);
    if (address.size() != 8) return -1;
    FakeServer server(world_.vchan(42, static_cast<int>(number_at(address, 0)), static_cast<int>(number_at(address, 4))));
    FakePeer channel = server.accept();
    channel.shake_hands(4);
    if (echo) channel.send(0x190, "x");
    for (;;) {
      Message const message = channel.receive();
      if (message.type == 0) return -1;
      bool const done = echo ? message.type == 0x191 && message.body == "x" : message.type == 0x193 && number_at(message.body, 0) == 0;
      if (done) break;
    }
    return std::chrono::duration<double, std::micro>(Clock::now() - begun).count();
  }

 private:
  QrexecWorld world_;
  std::optional<FakeAdmin> admin_;
  std::optional<EchoService> echo_;
};

Row round_trip(TwoQubes& qubes, std::string id, std::string const& service, bool echo, double goal_us) {
  std::vector<double> times;
  for (int i = 0; i < 20; ++i) (void)qubes.call(service, echo);
  for (int i = 0; i < 200; ++i) times.push_back(qubes.call(service, echo));
  for (double const time : times) {
    if (time < 0) return Row{.id = std::move(id), .skipped = "a call failed"};
  }
  return Row{.id = std::move(id), .value = median(times), .unit = "us", .against = "the limit", .against_value = goal_us, .ratio_at_most = 1};
}

Row calls_a_second(TwoQubes& qubes) {
  constexpr int kCallers = 4, kCalls = 100;
  std::atomic<bool> failed = false;
  std::vector<std::thread> callers;
  auto const begun = Clock::now();
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      for (int n = 0; n < kCalls; ++n) failed = qubes.call("bench.Echo", true) < 0 || failed;
    });
  }
  for (auto& caller : callers) caller.join();
  if (failed) return Row{.id = "call.rate-on-host", .skipped = "a call failed"};
  double const seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  return Row{.id = "call.rate-on-host", .value = kCallers * kCalls / seconds, .unit = "calls/s", .against = "the goal", .against_value = 5000, .ratio_at_least = 1};
}

std::vector<Row> measure() {
  std::vector<Row> rows = policy_rows();
  TwoQubes qubes;
  rows.push_back(round_trip(qubes, "call.socket-service-on-host", "bench.Echo", true, 300));
  rows.push_back(round_trip(qubes, "call.executed-service-on-host", "bench.True", false, 2000));
  rows.push_back(calls_a_second(qubes));
  return rows;
}

}  // namespace

Group calls_group() { return {"calls", "qrexec between two agents on one host; the policy's decisions and loading", measure}; }

}  // namespace bh::bench
