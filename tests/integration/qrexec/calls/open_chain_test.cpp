// qvm-open-in-vm through the whole chain on one host, with an opener of the test's in the place of the desktop's.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/posix_io.h"
#include "qrexec_world.h"

namespace bh::qrexec_test {
namespace {

namespace fs = std::filesystem;

class OpenChain : public testing::Test {
 protected:
  OpenChain() {
    for (char const* name : {"bin", "src", "opener"}) fs::create_directory(world_.folder() / name);
    fs::copy_file(QrexecWorld::program("qvm-open-in-vm"), world_.folder() / "bin" / "qvm-open-in-vm");
    fs::create_symlink("qvm-open-in-vm", world_.folder() / "bin" / "qvm-open-in-dvm");
    world_.write("bin/qrexec-client-vm", "#!/bin/sh\nexec " + QrexecWorld::program("qrexec-client-vm").string() + " --agent-socket=" +
                                             world_.agent_socket(42).string() + " \"$@\"\n", 0755);
    std::string const open = "PATH=" + (world_.folder() / "opener").string() + ":$PATH TMPDIR=" + world_.folder().string() + " exec " +
                             QrexecWorld::program("qubes-open").string();
    world_.service("qubes.OpenInVM", open + " file\n");
    world_.service("qubes.OpenURL", open + " url\n");
    world_.qube(42, "work");
    world_.qube(43, "vault");
  }
  // What the desktop of the other qube does with what it is given as $1.
  void opener(std::string const& script) { world_.write("opener/xdg-open", "#!/bin/sh\n" + script, 0755); }
  std::string opened() const { return read_file(world_.folder() / "opened", 1 << 20).value_or("<nothing>"); }
  std::string source() const { return read_file(path(), 64 << 20).value_or("<gone>"); }
  [[nodiscard]] fs::path path() const { return world_.folder() / "src" / "notes.txt"; }
  Finished open(std::vector<std::string> words) {
    words.insert(words.begin(), (world_.folder() / "bin" / "qvm-open-in-vm").string());
    return world_.run(42, std::move(words));
  }
  // Nothing of the other qube's copy stays there.
  [[nodiscard]] bool left_over() const {
    for (auto const& entry : fs::directory_iterator(world_.folder())) {
      if (entry.path().filename().string().starts_with("work")) return true;
    }
    return std::distance(fs::directory_iterator(world_.folder() / "src"), fs::directory_iterator()) != 1;
  }

  QrexecWorld world_;
};

TEST_F(OpenChain, AnEditedFileComesBackWithItsPermissions) {
  world_.write("src/notes.txt", "one\n");
  ::chmod(path().c_str(), 0640);
  opener("echo \"$1\" >> " + (world_.folder() / "opened").string() + "; echo two >> \"$1\"\n");
  auto const done = open({"vault", path().string()});
  EXPECT_EQ(done.code, 0) << done.errors;
  EXPECT_EQ(source(), "one\ntwo\n");
  struct stat facts {};
  ASSERT_EQ(::stat(path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0640U);
  EXPECT_NE(opened().find("/work"), std::string::npos) << opened();
  EXPECT_NE(opened().find("/notes.txt\n"), std::string::npos) << opened();
  EXPECT_FALSE(left_over());
}

TEST_F(OpenChain, AFileReplacedByItsEditorComesBackToo) {
  world_.write("src/notes.txt", "one\n");
  opener("printf 'ONE\\n' > \"$1.new\" && touch -r \"$1\" \"$1.new\" && mv \"$1.new\" \"$1\"\n");
  EXPECT_EQ(open({"vault", path().string()}).code, 0);
  EXPECT_EQ(source(), "ONE\n");
}

TEST_F(OpenChain, AnEditorThatOutlivesItsOpenerIsWaitedFor) {
  world_.write("src/notes.txt", "one\n");
  world_.write("opener/editor", "#!/bin/sh\nsleep 1\necho late >> \"$1\"\n", 0755);
  opener("setsid " + (world_.folder() / "opener/editor").string() + " \"$1\" < /dev/null > /dev/null 2>&1 &\n");
  EXPECT_EQ(open({"vault", path().string()}).code, 0);
  EXPECT_EQ(source(), "one\nlate\n");
}

TEST_F(OpenChain, AnUntouchedFileAndAViewedOneStayAsTheyAre) {
  world_.write("src/notes.txt", "one\n");
  opener("cat \"$1\" > " + (world_.folder() / "opened").string() + "\n");
  EXPECT_EQ(open({"vault", path().string()}).code, 0);
  EXPECT_EQ(opened(), "one\n");
  EXPECT_EQ(source(), "one\n");
  opener("chmod u+w \"$1\"; echo two >> \"$1\"\n");
  auto const viewed = open({"--view-only", "vault", path().string()});
  EXPECT_EQ(viewed.code, 0) << viewed.errors;
  EXPECT_EQ(source(), "one\n");
  EXPECT_FALSE(left_over());
}

TEST_F(OpenChain, AViewedFilesAnswerIsNotTakenFromAHostileQube) {
  world_.write("src/notes.txt", "one\n");
  world_.service("qubes.OpenInVM", "cat > /dev/null; echo evil\n");
  EXPECT_EQ(open({"--view-only", "vault", path().string()}).code, 0);
  EXPECT_EQ(source(), "one\n");
  // A service that failed has nothing to say either.
  world_.service("qubes.OpenInVM", "cat > /dev/null; echo half; exit 7\n");
  EXPECT_EQ(open({"vault", path().string()}).code, 7);
  EXPECT_EQ(source(), "one\n");
  EXPECT_FALSE(left_over());
}

TEST_F(OpenChain, FailuresAreSaidAndChangeNothing) {
  world_.write("src/notes.txt", "one\n");
  opener("exit 3\n");
  auto const failed = open({"vault", path().string()});
  EXPECT_EQ(failed.code, 1);
  EXPECT_NE(failed.errors.find("xdg-open failed"), std::string::npos) << failed.errors;
  EXPECT_EQ(open({"vault", (world_.folder() / "src").string()}).code, 1);
  EXPECT_EQ(open({"vault", (world_.folder() / "missing").string()}).code, 1);
  EXPECT_EQ(open({"no qube", path().string()}).code, 2);
  world_.write("policy", "#!/bin/sh\necho result=deny\nexit 1\n", 0755);
  auto const refused = open({"vault", path().string()});
  EXPECT_EQ(refused.code, 126);
  EXPECT_NE(refused.errors.find("policy does not let"), std::string::npos) << refused.errors;
  EXPECT_EQ(source(), "one\n");
  EXPECT_FALSE(left_over());
}

TEST_F(OpenChain, UrlsAreOpenedAndOnlyUrls) {
  opener("echo \"$1\" >> " + (world_.folder() / "opened").string() + "\n");
  // Not by qvm-open-in-vm: on one host its own command line holds the URL, which the service would wait for.
  auto const done = world_.client_vm(42, {"vault", "qubes.OpenURL"}, "https://example.org/?a=b\n");
  EXPECT_EQ(done.code, 0) << done.errors;
  EXPECT_EQ(opened(), "https://example.org/?a=b\n");
  auto const refused = open({"vault", "mailto://x"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.errors.find("http"), std::string::npos) << refused.errors;
  auto const hostile = world_.client_vm(42, {"vault", "qubes.OpenURL"}, "file:///etc/passwd\n");
  EXPECT_EQ(hostile.code, 1);
  EXPECT_EQ(opened(), "https://example.org/?a=b\n");
  world_.service("qubes.OpenURL", "cat > " + (world_.folder() / "opened").string() + "\n");
  EXPECT_EQ(open({"vault", "ftp://example.org/x"}).code, 0);
  EXPECT_EQ(opened(), "ftp://example.org/x\n");
}

TEST_F(OpenChain, AChainOfDisposablesNeedsConsent) {
  world_.write("src/notes.txt", "one\n");
  opener("echo \"$1\" >> " + (world_.folder() / "opened").string() + "\n");
  auto const done = world_.run(42, {"/usr/bin/env", "QREXEC_SERVICE_FULL_NAME=qubes.OpenInVM", (world_.folder() / "bin" / "qvm-open-in-dvm").string(), path().string()});
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.errors.find("consent"), std::string::npos) << done.errors;
  EXPECT_EQ(opened(), "<nothing>");
}

}  // namespace
}  // namespace bh::qrexec_test
