#include "hypervisor/jail/jail_spec.h"

#include <gtest/gtest.h>

namespace bh::jail {
namespace {

using Words = std::vector<std::string>;

JailSpec full_spec() {
  JailSpec spec;
  spec.level = Level::subordinate;
  spec.subordinate = SubordinateIds{100000, 200000, 65536};
  spec.files = {{"/usr/bin/a b", "/bin/a", false}, {"/dev/null", "/dev/null", true}};
  spec.device_group = 106;
  spec.profile = Profile::qemu_kvm;
  spec.max_open_files = 17;
  spec.max_threads = 9;
  spec.cgroup = "/sys/fs/cgroup/x";
  spec.log_refusals = true;
  spec.die_with_parent = true;
  return spec;
}

Result<LauncherCommand> parse(Words words) { return parse_launcher_options(words); }

TEST(JailSpec, ComesBackFromTheLaunchersOptions) {
  for (JailSpec const& spec : {JailSpec{}, full_spec()}) {
    auto words = launcher_options(spec);
    words.insert(words.end(), {"--", "/bin/a", "--level", "--"});
    auto const command = parse(words);
    ASSERT_TRUE(command.ok()) << command.error().message;
    EXPECT_EQ(command->spec, spec);
    EXPECT_EQ(command->argv, (Words{"/bin/a", "--level", "--"}));
  }
}

TEST(JailSpec, WhatIsNotUnderstoodIsRefused) {
  for (Words const& words : {Words{}, Words{"--"}, Words{"--", "relative"}, Words{"--level", "none", "--", "/a"}, Words{"--level"}, Words{"--what", "--", "/a"},
                             Words{"--max-threads", "4294967296", "--", "/a"}, Words{"--max-threads", "-1", "--", "/a"}, Words{"--profile", "all", "--", "/a"},
                             Words{"--level", "subordinate", "--", "/a"}, Words{"--subordinate-ids", "1", "1", "1", "--", "/a"},
                             Words{"--level", "subordinate", "--subordinate-ids", "1", "1", "0", "--", "/a"}}) {
    EXPECT_FALSE(parse(words).ok()) << testing::PrintToString(words);
  }
}

TEST(JailSpec, PlacesAreFullAndPlain) {
  for (char const* place : {"bin/a", "/bin/../a", "/bin/./a", "/bin/", "/", "", "//a"}) {
    EXPECT_FALSE(parse({"--file", "/bin/a", place, "--", "/a"}).ok()) << place;
  }
  EXPECT_FALSE(parse({"--file", "bin/a", "/bin/a", "--", "/a"}).ok());
  EXPECT_TRUE(parse({"--file", "/bin/a", "/bin/a", "--", "/a"}).ok());
}

TEST(JailSpec, FilesAreLimited) {
  Words words;
  for (std::size_t i = 0; i < kMaxJailFiles; ++i) words.insert(words.end(), {"--file", "/a", "/b"});
  Words ended = words;
  ended.insert(ended.end(), {"--", "/a"});
  EXPECT_TRUE(parse(ended).ok());
  words.insert(words.end(), {"--file", "/a", "/b", "--", "/a"});
  EXPECT_FALSE(parse(words).ok());
}

}  // namespace
}  // namespace bh::jail
