// LVM's command lines word for word, and its lists read strictly.
#include "hypervisor/volumes/pool/lvm_command.h"

#include <gtest/gtest.h>

namespace bh::volumes::lvm {
namespace {

std::string text(Words const& words) {
  std::string all;
  for (auto const& word : words) all += (all.empty() ? "" : " ") + word;
  return all;
}

TEST(LvmCommand, AreWordForWordTheseAndNoOthers) {
  EXPECT_EQ(text(list("qubes")), "/usr/sbin/lvm lvs --noheadings --units b --nosuffix --separator | -o lv_name,lv_size,data_percent,lv_metadata_size,metadata_percent qubes");
  EXPECT_EQ(text(create("qubes", "thin", "vm+work+private", mebibytes(16))), "/usr/sbin/lvm lvcreate --quiet --yes --thin --virtualsize 16777216b --name vm+work+private qubes/thin");
  EXPECT_EQ(text(snapshot("qubes", "vm+work+private", "vm+work+private+dirty")), "/usr/sbin/lvm lvcreate --quiet --yes --snapshot -kn -ay --name vm+work+private+dirty qubes/vm+work+private");
  EXPECT_EQ(text(rename("qubes", "a", "b")), "/usr/sbin/lvm lvrename --quiet qubes a b");
  EXPECT_EQ(text(remove("qubes", "a")), "/usr/sbin/lvm lvremove --quiet --yes qubes/a");
  EXPECT_EQ(text(extend("qubes", "a", mebibytes(32))), "/usr/sbin/lvm lvextend --quiet --size 33554432b qubes/a");
}

TEST(LvmCommand, NamesGoThereAndBack) {
  auto const id = *VolumeId::make("a-private.x", "private");
  EXPECT_EQ(name_of(id, "dirty"), "vm+a-private.x+private+dirty");
  auto const parsed = parse_name(name_of(id, "dirty"));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id, id);
  EXPECT_EQ(parsed->suffix, "dirty");
  EXPECT_EQ(parse_name(name_of(id))->suffix, "");
  for (char const* other : {"root", "vm+", "vm+work", "vm+work+", "vm++private", "vm+work+private+", "vm+work+private+a+b", "work+private", "vm+work+Private"}) EXPECT_FALSE(parse_name(other)) << other;
}

TEST(LvmCommand, GroupsThatCouldBeOptionsOrPathsAreRefused) {
  EXPECT_TRUE(is_name("qubes_dom0-1.x"));
  for (char const* bad : {"", "-f", ".x", "a/b", "a b", "a+b", "a\n"}) EXPECT_FALSE(is_name(bad)) << bad;
  EXPECT_FALSE(is_name(std::string(65, 'a')));
}

TEST(LvmCommand, ListsAreReadStrictly) {
  auto const all = parse_list("  thin|1000000|12.50|40000|5.00\n  vm+work+private|2000|50.00||  \n  swap|4096|||\n");
  ASSERT_TRUE(all.ok()) << all.error().message;
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ((*all)[0].used, ByteCount(125000));
  EXPECT_EQ((*all)[0].metadata_used, ByteCount(2000));
  EXPECT_EQ((*all)[1].used, ByteCount(1000));
  EXPECT_EQ((*all)[2].used, ByteCount(0));
  EXPECT_TRUE(parse_list("")->empty());
  for (char const* bad : {"a|b|c|d|e", "a|1|2|3", "a|1|2|3|4|5", "a|-1|||", "a|1|101||", "a|1|x||", "a||||", "a|99999999999999999999|||"}) EXPECT_FALSE(parse_list(bad).ok()) << bad;
}

}  // namespace
}  // namespace bh::volumes::lvm
