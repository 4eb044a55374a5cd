// Warm starts against cold ones of the same qube, four at once, and killing: each through bulkheadd, as a user has it.
#include <chrono>
#include <functional>
#include <map>

#include "base/number.h"
#include "base/posix_io.h"
#include "tests/bench/all/row.h"
#include "tests/e2e/all/desktop.h"
#include "tests/e2e/all/installation.h"

namespace bh::bench {

namespace {

using namespace std::chrono_literals;
using e2e::Installation;

constexpr int kRounds = 5;
constexpr char const* kFour[] = {"work", "one", "two", "three"};

Row skipped(std::string id, std::string why) { return Row{.id = std::move(id), .skipped = std::move(why)}; }

double seconds_of(std::function<bool()> const& work) {
  auto const begun = Clock::now();
  if (!work()) return -1;
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

// The phases as bulkheadd took them, in milliseconds: "kind=warm total=161 spawn=9 ...".
std::map<std::string, double> phases(Installation const& system, std::string const& qube) {
  std::map<std::string, double> found;
  std::string text = system.bulkhead({"prefs", qube, "start_timing"}).out;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t const end = std::min(text.find_first_of(" \n", begin), text.size());
    std::string const word = text.substr(begin, end - begin);
    begin = end + 1;
    std::size_t const equals = word.find('=');
    if (equals == std::string::npos) continue;
    if (word == "kind=warm") found["warm"] = 1;
    if (auto const number = parse_decimal(word.substr(equals + 1), 10'000'000)) found[word.substr(0, equals)] = static_cast<double>(*number);
  }
  return found;
}

struct Starts {
  std::vector<double> cold, warm, answers, kills;
};

// One of each in turn, so that a noisy minute meets both.
bool measure_one(Installation const& system, Starts& starts) {
  if (system.bulkhead({"prefs", "work", "warm_start", "False"}).code != 0) return false;
  double const cold = seconds_of([&] { return system.bulkhead({"start", "work"}).code == 0; });
  double const kill = seconds_of([&] { return system.bulkhead({"kill", "work"}).code == 0; });
  if (cold < 0 || kill < 0 || system.bulkhead({"prefs", "work", "warm_start", "--default"}).code != 0) return false;
  double const warm = seconds_of([&] { return system.bulkhead({"start", "work"}).code == 0; });
  auto const parts = phases(system, "work");
  if (warm < 0 || !parts.contains("warm") || system.bulkhead({"kill", "work"}).code != 0) return false;
  double answer = 0;
  for (char const* phase : {"prepare", "spawn", "restore", "reseed"}) answer += parts.contains(phase) ? parts.at(phase) : 0;
  starts.cold.push_back(cold);
  starts.warm.push_back(warm);
  starts.answers.push_back(answer / 1e3);
  starts.kills.push_back(kill);
  return true;
}

Row four_at_once(Installation const& system, double one) {
  std::vector<double> took;
  for (int round = 0; round < 3; ++round) {
    double const four = seconds_of([&] { return system.bulkhead({"start", kFour[0], kFour[1], kFour[2], kFour[3]}).code == 0; });
    if (four < 0) return skipped("start.warm-four", "four did not start");
    took.push_back(four);
    for (char const* name : kFour) {
      if (!phases(system, name).contains("warm")) return skipped("start.warm-four", std::string(name) + " started cold");
    }
    if (system.bulkhead({"kill", kFour[0], kFour[1], kFour[2], kFour[3]}).code != 0) return skipped("start.warm-four", "four were not killed");
  }
  return Row{.id = "start.warm-four", .value = median(took), .unit = "s", .against = "one warm start", .against_value = one, .ratio_at_most = 2.0};
}

// From `bulkhead start` to a terminal's window on the screen; negative: it did not come.
double first_window(Installation const& system, e2e::Desktop const& desktop, bool pre_started) {
  double const took = seconds_of([&] {
    if (system.bulkhead({"start", "work"}).code != 0) return false;
    // In the guest's background, so that the call ends while the window stays.
    if (!pre_started && system.in_qube("work", {"sh", "-c", "setsid foot >/dev/null 2>&1 &"}).code != 0) return false;
    return e2e::eventually([&] { return desktop.shows_window_of("work"); }, 120s);
  });
  return system.bulkhead({"kill", "work"}).code == 0 ? took : -1;
}

Row first_window_row(Installation const& system, e2e::Desktop const& desktop) {
  constexpr char const* kId = "window.first-pre-started";
  if (system.bulkhead({"features", "work", "warm-programs", "foot"}).code != 0) return skipped(kId, "the feature was not taken");
  if (system.bulkhead({"snapshot", "build", "work"}, 600s).code != 0) return skipped(kId, "the snapshot with the program could not be made");
  std::vector<double> warm, cold;
  for (int round = 0; round < 4; ++round) {
    if (system.bulkhead({"prefs", "work", "warm_start", "False"}).code != 0) return skipped(kId, "warm_start could not be set");
    double const one_cold = first_window(system, desktop, false);
    if (system.bulkhead({"prefs", "work", "warm_start", "--default"}).code != 0) return skipped(kId, "warm_start could not be set");
    double const one_warm = first_window(system, desktop, true);
    if (one_cold < 0 || one_warm < 0) return skipped(kId, "the window did not come");
    // The first round verifies the snapshot's hashes.
    if (round == 0) continue;
    cold.push_back(one_cold);
    warm.push_back(one_warm);
  }
  return Row{.id = kId, .value = median(warm), .unit = "s", .against = "the same from a cold start", .against_value = median(cold), .ratio_at_most = 0.1};
}

std::vector<Row> measure() {
  auto desktop = e2e::Desktop::start();
  if (!desktop) return {skipped("life", desktop.error().message)};
  auto system = Installation::create(desktop->display());
  if (!system) return {skipped("life", system.error().message)};
  if (auto const started = system->start_daemon(); !started) return {skipped("life", started.error().message)};
  for (char const* name : kFour) {
    if (system->bulkhead({"create", "--label", "blue", name}).code != 0) return {skipped("life", "a qube could not be created")};
  }
  double const built = seconds_of([&] { return system->bulkhead({"snapshot", "build", "work"}, 600s).code == 0; });
  if (built < 0) return {skipped("life", "the snapshot could not be made")};
  Starts starts;
  // The first of each probes the accelerator and verifies the snapshot's hashes: not counted.
  Starts first;
  if (!measure_one(*system, first)) return {skipped("life", "a qube did not start")};
  for (int round = 0; round < kRounds; ++round) {
    if (!measure_one(*system, starts)) return {skipped("life", "a qube did not start warm")};
  }
  double const cold = median(starts.cold);
  std::vector<Row> rows;
  rows.push_back({.id = "snapshot.build", .value = built, .unit = "s", .against = "one cold start", .against_value = cold});
  rows.push_back({.id = "start.warm-answers", .value = median(starts.answers), .unit = "s", .against = "cold start of the same qube", .against_value = cold, .ratio_at_most = 1.0 / 20});
  rows.push_back({.id = "start.warm", .value = median(starts.warm), .unit = "s", .against = "cold start of the same qube", .against_value = cold, .ratio_at_most = 0.1});
  rows.push_back(four_at_once(*system, median(starts.warm)));
  rows.push_back(first_window_row(*system, *desktop));
  rows.push_back({.id = "kill", .value = median(starts.kills), .unit = "s", .against = "the promise", .against_value = 2, .ratio_at_most = 1});
  return rows;
}

}  // namespace

Group life_group() { return {"life", "warm starts against cold ones, four at once, and killing", measure}; }

}  // namespace bh::bench
