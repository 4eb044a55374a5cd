#include "hypervisor/vchan/hub/directory_watch.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temp_dir.h"
#include "hypervisor/vchan/server.h"

namespace bh::vchan {
namespace {

ChannelName name(std::uint32_t port) { return {DomainId(5), kDom0, Port(port)}; }

TEST(DirectoryWatch, FindsWhatIsThereAndWhatComesAndGoes) {
  TempDir const folder = *TempDir::create("watch-test");
  auto const old = *Server::listen(folder.path(), name(1));
  std::ofstream(folder.path() / name(9).file_name()) << "not a socket";
  std::ofstream(folder.path() / "other.sock") << "";
  auto watch = *DirectoryWatch::open(folder.path());
  auto const first = *watch.scan();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].name, name(1));
  EXPECT_TRUE(watch.read()->empty());
  {
    auto const fresh = *Server::listen(folder.path(), name(2));
    auto const came = *watch.read();
    ASSERT_EQ(came.size(), 1U);
    EXPECT_TRUE(came[0].appeared);
    EXPECT_EQ(came[0].name, name(2));
  }
  auto const went = *watch.read();
  ASSERT_EQ(went.size(), 1U);
  EXPECT_FALSE(went[0].appeared);
  EXPECT_TRUE(watch.scan()->empty());
}

TEST(DirectoryWatch, TellsAReplacedServerFromTheOldOne) {
  TempDir const folder = *TempDir::create("watch-test");
  auto watch = *DirectoryWatch::open(folder.path());
  auto const first = *Server::listen(folder.path(), name(1));
  EXPECT_EQ(watch.read()->size(), 1U);
  auto const second = *Server::listen(folder.path(), name(1));
  auto const changes = *watch.read();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_FALSE(changes[0].appeared);
  EXPECT_TRUE(changes[1].appeared);
}

TEST(DirectoryWatch, SaysSoWhenTheFolderGoes) {
  TempDir const folder = *TempDir::create("watch-test");
  std::filesystem::create_directory(folder.path() / "x");
  auto watch = *DirectoryWatch::open(folder.path() / "x");
  std::filesystem::remove(folder.path() / "x");
  EXPECT_FALSE(watch.read());
}

}  // namespace
}  // namespace bh::vchan
