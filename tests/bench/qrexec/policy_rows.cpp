#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <random>

#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "qrexec/policy/daemon/policy_cache.h"
#include "qrexec/policy/decide.h"
#include "tests/bench/qrexec/calls_group.h"

namespace bh::bench {
namespace {

using namespace policy;

constexpr int kRules = 10'000;
constexpr int kQubes = 50;

std::string qube_name(unsigned long number) { return "qube" + std::to_string(number); }

SystemInfo fifty_qubes() {
  std::vector<Qube> all;
  for (unsigned i = 0; i < kQubes; ++i) {
    Qube one;
    one.name = i == 0 ? "dom0" : qube_name(i);
    one.type = i == 0 ? "AdminVM" : "AppVM";
    one.tags = {"t" + std::to_string(i % 5), "all"};
    one.power_state = "Running";
    one.uuid = "00000000-0000-0000-0000-0000000000" + std::to_string(10 + i);
    all.push_back(std::move(one));
  }
  return SystemInfo(std::move(all));
}

// Services, arguments, sources and targets in every form; nothing that matches all, so that no request ends at the first rule.
std::string ten_thousand_rules() {
  std::mt19937 random(1);
  std::string text;
  for (int i = 0; i < kRules; ++i) {
    std::string const service = "test.Service" + std::to_string(random() % 200);
    std::string const argument = random() % 2 == 0 ? "*" : "+a" + std::to_string(random() % 50);
    std::string const source = random() % 4 == 0 ? "@tag:t" + std::to_string(random() % 5) : qube_name(1 + random() % 49);
    std::string const target = random() % 4 == 0 ? "@tag:t" + std::to_string(random() % 5) : qube_name(1 + random() % 49);
    text += service + " " + argument + " " + source + " " + target + (random() % 3 == 0 ? " deny\n" : " allow user=user\n");
  }
  return text;
}

double microseconds_since(Clock::time_point begun) { return std::chrono::duration<double, std::micro>(Clock::now() - begun).count(); }

double decision_us(Policy const& policy, SystemInfo const& info) {
  std::mt19937 random(2);
  std::vector<Request> requests;
  for (int i = 0; i < 2000; ++i) {
    requests.push_back(*Request::parse(qube_name(1 + random() % 49), qube_name(1 + random() % 49),
                                       "test.Service" + std::to_string(random() % 200) + "+a" + std::to_string(random() % 50)));
  }
  std::vector<double> each;
  for (Request const& request : requests) {
    auto const begun = Clock::now();
    Decision const decision = decide(policy, info, request);
    each.push_back(microseconds_since(begun) + (decision.request ? 0 : 1e9));  // uses the decision, so that it is made
  }
  return median(each);
}

}  // namespace

std::vector<Row> policy_rows() {
  auto const folder = TempDir::create("bench-policy");
  std::string const text = ten_thousand_rules();
  if (!folder || !write_file_atomically(folder->path() / "30-user.policy", text)) return {};
  PolicyFolders const where{{folder->path().string()}, std::nullopt};
  DiskPolicyFiles const files;
  std::vector<double> loads;
  for (int i = 0; i < 9; ++i) {
    auto const begun = Clock::now();
    if (!load_policy(files, where)) return {};
    loads.push_back(microseconds_since(begun) / 1000);
  }
  auto cache = PolicyCache::create(where);
  if (!cache) return {};
  ::usleep(50'000);  // file times of this very moment are looked at again and again
  auto const now = cache->current();
  if (!now || !*now) return {};
  std::vector<double> looks;
  for (int i = 0; i < 200; ++i) {
    auto const begun = Clock::now();
    if (cache->current() != now) return {};
    looks.push_back(microseconds_since(begun));
  }
  return {Row{.id = "policy.decision-10k", .value = decision_us(**now, fifty_qubes()), .unit = "us", .against = "the limit", .against_value = 20, .ratio_at_most = 1},
          Row{.id = "policy.reload-10k", .value = median(loads), .unit = "ms", .against = "the limit", .against_value = 50, .ratio_at_most = 1},
          Row{.id = "policy.unchanged-check", .value = median(looks), .unit = "us"}};
}

}  // namespace bh::bench
