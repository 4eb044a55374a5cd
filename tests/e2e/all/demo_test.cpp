// The demo, run as a new user would: every step is an assertion of its own inside it, and its report is checked here.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/e2e/all/installation.h"

namespace bh::e2e {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::vector<std::string> demo(std::vector<std::string> args) {
  args.insert(args.begin(), {(source_folder() / "installer/demo").string(), "--no-install", "--no-build"});
  return args;
}

std::size_t demo_folders_in(fs::path const& folder) {
  std::size_t count = 0;
  for (auto const& entry : fs::directory_iterator(folder)) count += entry.path().filename().string().starts_with("bulkhead-demo-") ? 1U : 0U;
  return count;
}

// Anything that runs with a BULKHEAD_ROOT below `folder`, and jailed machines, whose environment is empty, that hold files there; only those whose
// program's name begins with `name`.
std::size_t processes_below(fs::path const& folder, std::string_view name = "") {
  std::size_t count = 0;
  for (auto const& entry : fs::directory_iterator("/proc")) {
    std::error_code gone;
    if (!fs::exists(entry.path() / "environ", gone)) continue;
    auto const environment = read_file(entry.path() / "environ", 1U << 20);
    if (!environment) continue;
    if (environment->empty() ? !holds_file_below(entry.path(), folder) : environment->find("BULKHEAD_ROOT=" + folder.string() + "/") == std::string::npos) continue;
    if (read_file(entry.path() / "comm", 64).value_or("").starts_with(name)) ++count;
  }
  return count;
}

TEST(Demo, ShowsEveryStepAndLeavesNothingBehind) {
  TempDir const temporary = *TempDir::create("bh-demo-test");
  fs::path const report_folder = temporary.path() / "report";
  auto const result = run_program(demo({"--headless", report_folder.string()}), {{"TMPDIR", temporary.path().string()}}, 1200s);
  ASSERT_EQ(result.code, 0) << result.out << result.err;

  auto const report = nlohmann::json::parse(std::ifstream(report_folder / "report.json"), nullptr, false);
  ASSERT_TRUE(report.is_object());
  EXPECT_EQ(report.value("result", ""), "ok");
  EXPECT_GE(report.at("steps").size(), 20U);
  for (auto const* picture : {"desktop-1.png", "desktop-2.png"}) {
    EXPECT_GT(fs::file_size(report_folder / picture), 5000U) << picture;
  }
  EXPECT_EQ(report.value("accelerator", "") == "tcg", result.out.find("PROMISES NO ISOLATION") != std::string::npos);

  EXPECT_EQ(demo_folders_in(temporary.path()), 0U);
  EXPECT_EQ(processes_below(temporary.path()), 0U);
}

TEST(Demo, InterruptedLeavesNothingRunningAndNothingMounted) {
  TempDir const temporary = *TempDir::create("bh-demo-test");
  auto const log = *open_file(temporary.path() / "out", O_RDWR | O_CREAT, 0600);
  auto child = *ChildProcess::spawn({.argv = demo({"--headless", (temporary.path() / "report").string()}),
                                     .fds = {{&log, 1}},
                                     .environment = {{"TMPDIR", temporary.path().string()}},
                                     .new_session = true});
  // In the middle of starting its machines: both run (the accelerator's probe is only one).
  ASSERT_TRUE(eventually([&] { return processes_below(temporary.path(), "qemu-system") >= 2; }, 300s));
  ASSERT_TRUE(child.signal(SIGINT));
  auto const status = *child.wait(Clock::now() + 120s);
  ASSERT_TRUE(status.has_value()) << "the demo did not end";
  EXPECT_EQ(status->code, 130);
  EXPECT_EQ(processes_below(temporary.path()), 0U);
  EXPECT_EQ(demo_folders_in(temporary.path()), 0U);
  EXPECT_EQ(read_file("/proc/self/mountinfo", 1U << 20)->find(temporary.path().string()), std::string::npos);
}

TEST(Demo, WrongUseIsExplained) {
  EXPECT_EQ(run_program(demo({"--no-such-option"})).code, 2);
  EXPECT_EQ(run_program(demo({"--headless"})).code, 2);
  auto const no_display = run_program(demo({}), {{"DISPLAY", std::nullopt}});
  EXPECT_EQ(no_display.code, 1);
  EXPECT_NE(no_display.err.find("--headless"), std::string::npos);
}

}  // namespace
}  // namespace bh::e2e
