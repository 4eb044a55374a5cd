// What a jail costs at the start of a machine: QEMU's own jail, with all its files, around a program that ends at once.
#include <unistd.h>

#include <chrono>
#include <functional>

#include "base/child_process.h"
#include "base/paths.h"
#include "hypervisor/jail/host_level.h"
#include "hypervisor/jail/jailed_process.h"
#include "hypervisor/jail/program_files.h"
#include "tests/bench/all/row.h"

namespace bh::bench {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr int kRounds = 40;

// Milliseconds, or nothing if it failed.
std::optional<double> milliseconds_of(std::function<Result<ChildProcess>()> const& start) {
  auto const begun = Clock::now();
  auto process = start();
  if (!process) return std::nullopt;
  auto const status = process->wait(Clock::now() + 30s);
  if (!status || !*status || (*status)->code != 0) return std::nullopt;
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

Result<ChildProcess> start_bare() { return ChildProcess::spawn({.argv = {"/bin/true"}, .fds = {}, .environment = {}, .working_directory = "/"}); }

std::vector<Row> measure() {
  Row row{.id = "jail.start", .unit = "ms", .against = "the same program without a jail"};
  auto const failed = [&](std::string why) {
    row.skipped = std::move(why);
    return std::vector<Row>{row};
  };
  auto const plan = jail::strongest_level(jail::read_host_facts());
  if (!plan) return failed(plan.error().message);
  auto const qemu = jail::qemu_files("qemu-system-x86_64");
  auto const program = jail::find_program("true");
  if (!qemu || !program) return failed(qemu ? program.error().message : qemu.error().message);
  jail::JailedStart start;
  start.launcher = own_program_folder().parent_path() / "bin/bulkhead-jail";
  start.spec.level = plan->level;
  start.spec.subordinate = plan->subordinate;
  start.spec.files = qemu->tcg;
  start.spec.files.push_back({*program, *program, false});
  start.argv = {*program};
  std::vector<double> jailed;
  std::vector<double> bare;
  std::string why;
  for (int round = 0; round < kRounds && why.empty(); ++round) {
    auto const without = milliseconds_of(start_bare);
    // The files stay in sight until the program has ended: taking them away is not on its way.
    std::optional<jail::StartFiles> files;
    auto const with = milliseconds_of([&]() -> Result<ChildProcess> {
      BH_TRY(process, jail::start_jailed(start));
      files.emplace(std::move(process.files));
      return std::move(process.process);
    });
    if (without) bare.push_back(*without);
    if (with) jailed.push_back(*with);
    else why = "the jailed program did not run; bulkhead-jail must be in " + start.launcher.parent_path().string();
  }
  if (!why.empty() || bare.empty()) return failed(why);
  row.value = median(jailed);
  row.against_value = median(bare);
  row.against += std::string("; level ") + jail::to_string(plan->level) + ", " + std::to_string(start.spec.files.size()) + " files";
  row.added_at_most = 10;
  return {row};
}

}  // namespace

Group jail_group() { return {"jail", "what a jail adds to the start of a machine", measure}; }

}  // namespace bh::bench
