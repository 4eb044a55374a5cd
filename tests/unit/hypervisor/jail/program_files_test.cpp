#include "hypervisor/jail/program_files.h"

#include <gtest/gtest.h>

namespace bh::jail {
namespace {

namespace fs = std::filesystem;
using Files = std::vector<fs::path>;

TEST(ProgramFiles, LinkersListIsRead) {
  EXPECT_EQ(parse_linker_list("\tlinux-vdso.so.1 (0x00007ffc0d1f2000)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f0)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f1)\n"),
            (Files{"/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"}));
  EXPECT_EQ(parse_linker_list("\tlibgone.so => not found\n\tstatically linked\n"), Files{});
  EXPECT_EQ(parse_linker_list(""), Files{});
  EXPECT_EQ(parse_linker_list("\tlib a.so => /opt/with blank/lib a.so (0x1)"), Files{"/opt/with blank/lib a.so"});
}

TEST(ProgramFiles, ProgramsAreFoundInTheSystemsFolders) {
  auto const found = find_program("sh");
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->is_absolute());
  EXPECT_FALSE(fs::is_symlink(*found));
  EXPECT_FALSE(find_program("no-such-program-of-bulkhead").ok());
}

TEST(ProgramFiles, LibrariesComeWithTheProgram) {
  auto const program = find_program("sh");
  ASSERT_TRUE(program.ok());
  auto const files = program_files(*program, {});
  ASSERT_TRUE(files.ok()) << files.error().message;
  EXPECT_EQ(files->front().source, *program);
  bool libc = false;
  for (auto const& file : *files) {
    EXPECT_TRUE(fs::is_regular_file(file.source)) << file.source;
    EXPECT_FALSE(file.device);
    libc = libc || file.inside.filename() == "libc.so.6";
  }
  EXPECT_TRUE(libc);
}

}  // namespace
}  // namespace bh::jail
