// Which file serves a call (qrexec.md 10.1; conformance.md 1).
#include "qrexec/service/lookup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/temp_dir.h"
#include "base/unix_socket.h"

namespace bh::qrexec {
namespace {

namespace fs = std::filesystem;

class Lookup : public testing::Test {
 protected:
  Lookup() : temp_(*TempDir::create("lookup")), first_(temp_.path() / "1"), second_(temp_.path() / "2") {
    fs::create_directories(first_);
    fs::create_directories(second_);
  }
  static void program(fs::path const& path) {
    std::ofstream(path) << "#!/bin/sh\n";
    ::chmod(path.c_str(), 0755);
  }
  static ServiceCall call(std::string const& descriptor) {
    return std::get<ServiceCall>(parse_vm_command("u:QUBESRPC " + descriptor + " src")->what);
  }
  [[nodiscard]] Folders folders() const { return {first_, second_}; }
  [[nodiscard]] Result<FoundService, ServiceFailure> find(std::string const& descriptor) const {
    return find_service(folders(), call(descriptor));
  }
  [[nodiscard]] std::string found(std::string const& descriptor) const {
    auto const service = find(descriptor);
    return service ? std::get<ExecutableService>(*service).path.string() : std::to_string(service.error().code);
  }
  TempDir temp_;
  fs::path first_, second_;
};

TEST_F(Lookup, TheFileWithArgumentWinsInEveryFolder) {
  program(first_ / "s");
  program(second_ / "s+a");
  EXPECT_EQ(found("s+a"), (second_ / "s+a").string());
  EXPECT_EQ(found("s+b"), (first_ / "s").string());
  EXPECT_EQ(found("s"), (first_ / "s").string());
  program(second_ / "s+");
  EXPECT_EQ(found("s"), (second_ / "s+").string());
}

TEST_F(Lookup, NothingIs127) { EXPECT_EQ(found("none"), "127"); }

TEST_F(Lookup, FoldersThatAreNotThereAreEmpty) {
  program(second_ / "s");
  EXPECT_TRUE(find_service({temp_.path() / "no", second_}, call("s")).ok());
}

TEST_F(Lookup, OddThingsAre125AndNotPassedOver) {
  program(second_ / "s");
  std::ofstream(first_ / "s+plain") << "x";
  EXPECT_EQ(found("s+plain"), "125");
  fs::create_symlink("/nonexistent/file", first_ / "s+dangling");
  EXPECT_EQ(found("s+dangling"), "125");
  fs::create_symlink("/dev/null/x", first_ / "s+notdir");
  EXPECT_EQ(found("s+notdir"), "125");
  fs::create_directory(first_ / "s+folder");
  EXPECT_EQ(found("s+folder"), "125");
  fs::create_symlink("/dev/tcp/", first_ / "s+tcp");
  EXPECT_EQ(found("s+tcp"), "125");
}

TEST_F(Lookup, TooLongForAFileNameFallsBackToTheName) {
  program(first_ / "s");
  EXPECT_EQ(found("s+" + std::string(300, 'a')), (first_ / "s").string());
}

TEST_F(Lookup, LinksToProgramsSocketsAndTcp) {
  program(second_ / "real");
  fs::create_symlink(second_ / "real", first_ / "link");
  EXPECT_EQ(found("link"), (first_ / "link").string());
  auto const listener = listen_unix(first_ / "sock");
  ASSERT_TRUE(listener.ok());
  EXPECT_TRUE(std::holds_alternative<SocketService>(*find("sock")));
  fs::create_symlink("/dev/tcp/127.0.0.1", first_ / "tcp");
  EXPECT_EQ(std::get<TcpTarget>(*find("tcp+80")).port, 80);
}

TEST_F(Lookup, ConfigIsFoundTheSameWayAndErrorsAre125) {
  EXPECT_FALSE(load_service_config(folders(), call("s"))->wait_for_session);
  std::ofstream(second_ / "s") << "wait-for-session=true\n";
  EXPECT_TRUE(load_service_config(folders(), call("s+x"))->wait_for_session);
  std::ofstream(second_ / "s+x") << "wait-for-session=maybe\n";
  EXPECT_EQ(load_service_config(folders(), call("s+x")).error().code, 125);
  fs::create_directory(second_ / "s+dir");
  EXPECT_EQ(load_service_config(folders(), call("s+dir")).error().code, 125);
  std::ofstream(first_ / "file") << "";
  EXPECT_EQ(load_service_config({first_ / "file"}, call("s")).error().code, 125);
}

TEST(Folders, SplitAtColons) {
  EXPECT_EQ(split_folders("/a:/b"), (Folders{"/a", "/b"}));
  EXPECT_EQ(split_folders(":/a::"), (Folders{"/a"}));
  EXPECT_TRUE(split_folders("").empty());
}

}  // namespace
}  // namespace bh::qrexec
