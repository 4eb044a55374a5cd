// Names of volumes and revisions: nothing that could leave a pool's folder or be taken for an option ever becomes one.
#include "hypervisor/volumes/pool/volume_id.h"

#include <gtest/gtest.h>

namespace bh::volumes {
namespace {

TEST(VolumeId, TakesQubeNamesAndPlainVolumeNames) {
  auto const id = VolumeId::parse("work-2.x_y/private");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->qube(), "work-2.x_y");
  EXPECT_EQ(id->volume(), "private");
  EXPECT_EQ(id->text(), "work-2.x_y/private");
  EXPECT_TRUE(VolumeId::make(std::string(31, 'a'), "root"));
}

TEST(VolumeId, RefusesWhatCouldBeAPathOrAnOption) {
  for (char const* bad : {"", "/", "work", "work/", "/private", "../private", "work/../x", "work/private/x", "-rf/private", ".hidden/private", "work/-x", "work/Private", "work/private.img",
                          "wo rk/private", "work/pri vate", "w\xc3\xb6rk/private", "work/x\n"}) {
    EXPECT_FALSE(VolumeId::parse(bad)) << bad;
  }
  EXPECT_FALSE(VolumeId::make(std::string(32, 'a'), "root"));
  EXPECT_FALSE(VolumeId::make("a", std::string(17, 'a')));
  EXPECT_FALSE(VolumeId::make(std::string_view("a\0b", 3), "root"));
}

TEST(RevisionId, SaysNumberAndTime) {
  auto const id = RevisionId::make(12, 1795366680);
  EXPECT_EQ(id.text(), "12-20261122T165800Z");
  auto const back = RevisionId::parse(id.text());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->number(), 12U);
  EXPECT_LT(RevisionId::make(9, 2), RevisionId::make(10, 1));
}

TEST(RevisionId, RefusesEverythingElse) {
  for (char const* bad : {"", "12", "-20261122T165800Z", "012-20261122T165800Z", "12-20261122T165800", "12-2026112xT165800Z", "12-20261122T165800Z ", "4294967296-20261122T165800Z", "../x"}) {
    EXPECT_FALSE(RevisionId::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace bh::volumes
