// qvm-copy and its sisters with a stand-in for qrexec-client-vm, and qubes-vmexec.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>

#include "copy_harness.h"

namespace bh::test {
namespace {

class GuestCommands : public testing::Test {
 protected:
  CopyHarness harness_;

  struct Ended {
    int code;
    std::string out, err;
  };
  // The commands in a folder of their own, with the client that the test writes.
  void install(std::string const& client) {
    auto const bin = harness_.folder() / "bin";
    std::filesystem::create_directories(bin);
    for (char const* name : {"qvm-copy", "qfile-send"}) {
      std::filesystem::copy_file(program(name), bin / name);
    }
    for (char const* name : {"qvm-move", "qvm-copy-to-vm", "qvm-move-to-vm"}) std::filesystem::create_symlink("qvm-copy", bin / name);
    std::ofstream(bin / "qrexec-client-vm") << "#!/bin/sh\n" << client;
    std::filesystem::permissions(bin / "qrexec-client-vm", std::filesystem::perms::owner_all);
  }
  // Joins the local program to a receiver, as the real client and the other qube's agent would.
  void install_copying_client() {
    install("target=$1 service=$2; shift 2\necho \"$target $service\" >" + (harness_.folder() / "called").string() +
            "\nmkfifo " + (harness_.folder() / "reply").string() + "\n\"$@\" <" + (harness_.folder() / "reply").string() +
            " | QREXEC_REMOTE_DOMAIN=work " + program("qfile-receive").string() + " --incoming-base " + harness_.base().string() +
            " $(case $service in *+*) echo ${service#*+};; esac) >" + (harness_.folder() / "reply").string() + "\n");
  }
  Ended run(std::filesystem::path const& path, std::vector<std::string> const& arguments) {
    UniqueFd const out = *open_file(harness_.folder() / "out", O_WRONLY | O_CREAT | O_TRUNC);
    UniqueFd const err = *open_file(harness_.folder() / "err", O_WRONLY | O_CREAT | O_TRUNC);
    SpawnOptions options;
    options.argv = {path.string()};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.fds = {{&out, 1}, {&err, 2}};
    auto child = *ChildProcess::spawn(options);
    auto const status = child.wait(soon());
    BH_ASSERT(status.ok() && *status);
    return {(*status)->code, *read_file(harness_.folder() / "out", 1 << 20), *read_file(harness_.folder() / "err", 1 << 20)};
  }
  Ended command(char const* name, std::vector<std::string> const& arguments) { return run(harness_.folder() / "bin" / name, arguments); }
  std::string called() { return *read_file(harness_.folder() / "called", 4096); }
};

TEST_F(GuestCommands, CopyToVmCallsTheServiceOfThatQube) {
  install_copying_client();
  auto const ended = command("qvm-copy-to-vm", {"vault", harness_.write("a", "hello")});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(called(), "vault qubes.Filecopy\n");
  EXPECT_EQ(listing(harness_.arrived()), (std::vector<std::string>{"a = hello"}));
  EXPECT_TRUE(std::filesystem::exists(harness_.source() / "a"));
}

TEST_F(GuestCommands, CopyLetsDom0Choose) {
  install_copying_client();
  EXPECT_EQ(command("qvm-copy", {harness_.write("a", "hello")}).code, 0);
  EXPECT_EQ(called(), "@default qubes.Filecopy\n");
}

TEST_F(GuestCommands, UnsafeNamesAskForTheirOwnService) {
  install_copying_client();
  EXPECT_EQ(command("qvm-copy-to-vm", {"vault", harness_.write("\x01", "hello")}).code, 0);
  EXPECT_EQ(called(), "vault qubes.Filecopy+allow-all-names\n");
  EXPECT_EQ(listing(harness_.arrived()).size(), 1U);
}

TEST_F(GuestCommands, MoveRemovesWhatArrivedAndOnlyThat) {
  install_copying_client();
  harness_.write("tree/a", "1");
  harness_.write("keep", "2");
  EXPECT_EQ(command("qvm-move-to-vm", {"vault", (harness_.source() / "tree").string() + "/"}).code, 0);
  EXPECT_EQ(listing(harness_.source()), (std::vector<std::string>{"keep = 2"}));
  EXPECT_EQ(listing(harness_.arrived()), (std::vector<std::string>{"tree/", "tree/a = 1"}));
}

TEST_F(GuestCommands, AFailedMoveRemovesNothing) {
  install_copying_client();
  harness_.write("a", "1");
  std::filesystem::create_directories(harness_.arrived());
  std::ofstream(harness_.arrived() / "a") << "old";
  // A pipeline's status is its last member's; the receiver's says EEXIST.
  auto const ended = command("qvm-move-to-vm", {"vault", (harness_.source() / "a").string()});
  EXPECT_NE(ended.code, 0);
  EXPECT_EQ(listing(harness_.source()), (std::vector<std::string>{"a = 1"}));
  EXPECT_NE(ended.err.find("already has a file"), std::string::npos) << ended.err;
}

TEST_F(GuestCommands, AMoveThatWouldLoseSomethingIsNotBegun) {
  install_copying_client();
  harness_.write("tree/a", "1");
  std::filesystem::create_symlink("a", harness_.source() / "tree/l");
  auto const ended = command("qvm-move-to-vm", {"vault", "--ignore-symlinks", (harness_.source() / "tree").string()});
  EXPECT_EQ(ended.code, 1);
  EXPECT_FALSE(std::filesystem::exists(harness_.folder() / "called"));
  EXPECT_EQ(listing(harness_.source()).size(), 3U);
}

TEST_F(GuestCommands, ARefusalIsExplained) {
  install("echo 'Request refused' >&2; exit 126\n");
  auto const ended = command("qvm-copy-to-vm", {"vault", harness_.write("a", "hello")});
  EXPECT_EQ(ended.code, 126);
  EXPECT_NE(ended.err.find("Request refused"), std::string::npos);
  EXPECT_NE(ended.err.find("policy"), std::string::npos);
  EXPECT_NE(ended.err.find("'vault'"), std::string::npos);
  EXPECT_TRUE(listing(harness_.arrived()).empty());
}

TEST_F(GuestCommands, BadUseMakesNoCall) {
  install_copying_client();
  EXPECT_EQ(command("qvm-copy-to-vm", {"vault", (harness_.source() / "none").string()}).code, 1);
  EXPECT_EQ(command("qvm-copy-to-vm", {"not a name", harness_.write("a", "x")}).code, 2);
  EXPECT_EQ(command("qvm-copy-to-vm", {"vault"}).code, 2);
  EXPECT_EQ(command("qvm-copy-to-vm", {"--help"}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(harness_.folder() / "called"));
}

TEST_F(GuestCommands, ProgressIsShownWhenAskedFor) {
  install_copying_client();
  auto const ended = command("qvm-copy", {"--with-progress", harness_.write("a", std::string(5000, 'x'))});
  EXPECT_EQ(ended.code, 0);
  EXPECT_NE(ended.err.find("sent 5/5 KB\n"), std::string::npos) << ended.err;
}

TEST_F(GuestCommands, VmExecRunsWordsWithoutAShell) {
  auto const ended = run(program("qubes-vmexec"), {"echo+-24HOME+a-20b+--n+-2A"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.out, "$HOME a b -n *\n");
  EXPECT_EQ(run(program("qubes-vmexec"), {"sh+--c+exit-207"}).code, 7);
  EXPECT_EQ(run(program("qubes-vmexec"), {"no--such--command"}).code, 127);
  EXPECT_EQ(run(program("qubes-vmexec"), {"-2F"}).code, 126);
  EXPECT_EQ(run(program("qubes-vmexec"), {"a b"}).code, 125);
  EXPECT_EQ(run(program("qubes-vmexec"), {}).code, 125);
}

}  // namespace
}  // namespace bh::test
