// What of the CLI can be proven without a daemon.
#include <gtest/gtest.h>

#include "base/posix_io.h"
#include "dom0/cli/command_line.h"
#include "dom0/cli/commands.h"

namespace bh::cli {
namespace {

TEST(VmExec, EncodingIsTheSheets) {
  EXPECT_EQ(encode_vmexec({"ls", "-l", "/home/user"}), "ls+--l+-2Fhome-2Fuser");
  EXPECT_EQ(encode_vmexec({"echo", "", "a b\n\xC3\xA4"}), "echo++a-20b-0A-C3-A4");
  EXPECT_EQ(encode_vmexec({"a+b"}), "a-2Bb");
}

TEST(LogLines, AreTheLastOnesAndNothingInThemSteersATerminal) {
  EXPECT_EQ(log_lines("a\r\nb\tc\n\nd", 3), (std::vector<std::string>{"b c", "", "d"}));
  EXPECT_EQ(log_lines("good\rEvil\b\b\x1b[2J\a\x9b\n", 5), (std::vector<std::string>{"good_Evil___[2J__"}));
  EXPECT_TRUE(log_lines("", 5).empty());
  EXPECT_EQ(log_lines(std::string(10000, 'x'), 5).at(0).size(), 4096U);
}

int status(std::string const& program, std::vector<std::string> arguments) {
  Session session{Paths::below("/nonexistent-bulkhead-root"), "/nonexistent", admin::Client("/nonexistent-bulkhead-root/qubesd.sock")};
  return run_command_line(program, std::move(arguments), std::move(session));
}

TEST(CommandLine, WrongUsageIsTwoAndAnAbsentDaemonThree) {
  EXPECT_EQ(status("bulkhead", {}), kUsage);
  EXPECT_EQ(status("bulkhead", {"frobnicate"}), kUsage);
  EXPECT_EQ(status("bulkhead", {"create", "x"}), kUsage);
  EXPECT_EQ(status("bulkhead", {"shutdown"}), kUsage);
  EXPECT_EQ(status("bulkhead", {"shutdown", "--all", "work"}), kUsage);
  EXPECT_EQ(status("bulkhead", {"tags", "work", "add"}), kUsage);
  EXPECT_EQ(status("bulkhead", {"run", "work"}), kUsage);
  EXPECT_EQ(status("bulkhead", {"log", "../../etc/passwd"}), kUsage);
  EXPECT_EQ(status("bulkhead", {"ls"}), kUnreachable);
  EXPECT_EQ(status("bulkhead", {"events"}), kUnreachable);
  EXPECT_EQ(status("bulkhead", {"start", "work"}), kUnreachable);
  EXPECT_EQ(status("bulkhead", {"run", "work", "--", "ls", "--all"}), kRunProblem);
  EXPECT_EQ(status("qvm-run", {"-p", "work", "ls", "-l"}), kRunProblem);
  EXPECT_EQ(status("bulkhead", {"doctor"}), kFailed);
}

TEST(CommandLine, EveryCommandAndEveryLinkHasHelp) {
  EXPECT_GE(command_names().size(), 18U);
  for (auto const& command : command_names()) EXPECT_EQ(status("bulkhead", {command, "--help"}), kOk) << command;
  EXPECT_GE(link_names().size(), 13U);
  for (auto const& link : link_names()) EXPECT_EQ(status(link, {"--help"}), kOk) << link;
}

TEST(CommandLine, ManualAndCompletionKnowEveryCommandAndLink) {
  std::filesystem::path const source = BH_SOURCE_DIR;
  auto manual = read_file(source / "docs/man/bulkhead.1", 1 << 20);
  auto const completion = read_file(source / "dom0/cli/completion/bulkhead.bash", 1 << 20);
  ASSERT_TRUE(manual.ok() && completion.ok());
  std::erase(*manual, '\\');
  std::string all = "commands='";
  for (auto const& command : command_names()) {
    EXPECT_NE(manual->find("fB" + command + "fR"), std::string::npos) << command;
    all += command + " ";
  }
  all.back() = '\'';
  EXPECT_NE(completion->find(all), std::string::npos) << all;
  for (auto const& link : link_names()) {
    EXPECT_NE(manual->find(link), std::string::npos) << link;
    EXPECT_NE(completion->find(" " + link), std::string::npos) << link;
  }
}

TEST(StartTiming, IsReadableForPeople) {
  EXPECT_EQ(describe_timing("kind=warm total=161 spawn=9 copy=50"), "warm start, 161 ms: spawn 9, copy 50");
  EXPECT_EQ(describe_timing("kind=cold total=3000 boot=2900 reason=the snapshot is damaged"),
            "cold start, 3000 ms: boot 2900 (not warm: the snapshot is damaged)");
  EXPECT_EQ(describe_timing(""), "? start, ? ms: ");
}

}  // namespace
}  // namespace bh::cli
