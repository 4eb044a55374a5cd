// qvm-copy through the whole chain on one host: command, qrexec-client-vm, agents, daemons, qfile-send and qfile-receive.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/posix_io.h"
#include "qrexec_world.h"

namespace bh::qrexec_test {
namespace {

namespace fs = std::filesystem;

std::string numbers(std::size_t size, std::uint32_t seed) {
  std::string text(size, '\0');
  for (char& c : text) {
    seed = seed * 1664525U + 1013904223U;
    c = static_cast<char>(seed >> 24);
  }
  return text;
}

std::string slurp(fs::path const& path) { return read_file(path, 256U << 20).value_or("<cannot be read>"); }

class CopyChain : public testing::Test {
 protected:
  CopyChain() {
    for (char const* name : {"bin", "src", "home"}) fs::create_directory(world_.folder() / name);
    for (char const* name : {"qvm-copy", "qfile-send"}) fs::copy_file(QrexecWorld::program(name), world_.folder() / "bin" / name);
    for (char const* name : {"qvm-copy-to-vm", "qvm-move-to-vm"}) fs::create_symlink("qvm-copy", world_.folder() / "bin" / name);
    // Only the agent's place differs from a qube's.
    world_.write("bin/qrexec-client-vm", "#!/bin/sh\nexec " + QrexecWorld::program("qrexec-client-vm").string() + " --agent-socket=" +
                                             world_.agent_socket(42).string() + " \"$@\"\n", 0755);
    world_.service("qubes.Filecopy", "exec " + QrexecWorld::program("qfile-receive").string() + " --incoming-base " +
                                         (world_.folder() / "home").string() + " \"$@\"\n");
    world_.qube(42, "work");
    world_.qube(43, "vault");
  }
  Finished command(std::string const& name, std::vector<std::string> words) {
    words.insert(words.begin(), (world_.folder() / "bin" / name).string());
    return world_.run(42, std::move(words));
  }
  [[nodiscard]] fs::path source() const { return world_.folder() / "src"; }
  [[nodiscard]] fs::path arrived() const { return world_.folder() / "home" / "QubesIncoming" / "work"; }

  QrexecWorld world_;
};

TEST_F(CopyChain, SixtyFourMebibytesArriveWhole) {
  std::string const big = numbers(64U << 20, 1);
  std::ofstream(source() / "big", std::ios::binary) << big;
  auto const done = command("qvm-copy-to-vm", {"vault", (source() / "big").string()});
  EXPECT_EQ(done.code, 0) << done.errors;
  EXPECT_TRUE(slurp(arrived() / "big") == big);
}

TEST_F(CopyChain, TwoHundredFilesMoveWhole) {
  auto const name = [](int i) { return "tree/d" + std::to_string(i % 7) + "/f" + std::to_string(i); };
  auto const content = [](int i) { return numbers(static_cast<std::size_t>(i) * 997, static_cast<std::uint32_t>(i)); };
  for (int i = 0; i < 200; ++i) {
    fs::create_directories((source() / name(i)).parent_path());
    std::ofstream(source() / name(i), std::ios::binary) << content(i);
  }
  auto const done = command("qvm-move-to-vm", {"vault", (source() / "tree").string()});
  EXPECT_EQ(done.code, 0) << done.errors;
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(slurp(arrived() / name(i)) == content(i)) << i;
  EXPECT_FALSE(fs::exists(source() / "tree"));
}

TEST_F(CopyChain, ARefusalIsTwoClearLinesAndRemovesNothing) {
  world_.write("policy", "#!/bin/sh\necho result=deny\nexit 1\n", 0755);
  world_.write("src/a", "hello");
  auto const done = command("qvm-move-to-vm", {"vault", (source() / "a").string()});
  EXPECT_EQ(done.code, 126);
  EXPECT_TRUE(done.errors.starts_with("Request refused\nNothing was sent: ")) << done.errors;
  EXPECT_EQ(std::count(done.errors.begin(), done.errors.end(), '\n'), 3) << done.errors;  // the third: nothing was removed here
  EXPECT_EQ(slurp(source() / "a"), "hello");
  EXPECT_FALSE(fs::exists(arrived()));
}

TEST_F(CopyChain, AFileThatIsThereIsReportedAndKept) {
  fs::create_directories(arrived());
  std::ofstream(arrived() / "a") << "old";
  world_.write("src/a", "new");
  auto const done = command("qvm-copy-to-vm", {"vault", (source() / "a").string()});
  EXPECT_NE(done.code, 0);
  EXPECT_NE(done.errors.find("already has a file"), std::string::npos) << done.errors;
  EXPECT_EQ(slurp(arrived() / "a"), "old");
}

}  // namespace
}  // namespace bh::qrexec_test
