#include "base/program_output.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace bh {
namespace {

constexpr OutputLimits kLimits{1000, std::chrono::seconds(20)};

Result<ProgramOutput> shell(std::string const& script, OutputLimits limits = kLimits, bool with_errors = false) {
  return program_output({.argv = {"sh", "-c", script}}, limits, with_errors);
}

TEST(ProgramOutput, GivesTextAndStatus) {
  auto const done = shell("echo one; echo two; exit 3");
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(done->text, "one\ntwo\n");
  EXPECT_EQ(done->status.code, 3);
}

TEST(ProgramOutput, ErrorsOnlyWhereAsked) {
  EXPECT_EQ(shell("echo no >&2")->text, "");
  EXPECT_EQ(shell("echo yes >&2", kLimits, true)->text, "yes\n");
}

TEST(ProgramOutput, TakesWhatFitsAndNoByteMore) {
  EXPECT_EQ(shell("printf 12345", {5, kLimits.time})->text, "12345");
  auto const more = shell("printf 123456", {5, kLimits.time});
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error().errno_value, EFBIG);
  EXPECT_EQ(shell("yes").error().errno_value, EFBIG);
}

TEST(ProgramOutput, EndsWhatDoesNotEnd) {
  for (char const* script : {"exec sleep 1000", "exec >&-; exec sleep 1000"}) {
    auto const done = shell(script, {5, std::chrono::milliseconds(200)});
    ASSERT_FALSE(done.ok()) << script;
    EXPECT_EQ(done.error().errno_value, ETIMEDOUT) << script;
  }
}

TEST(ProgramOutput, AMissingProgramIsTheKernelsError) { EXPECT_EQ(program_output({.argv = {"/no/such/program"}}, kLimits).error().errno_value, ENOENT); }

}  // namespace
}  // namespace bh
