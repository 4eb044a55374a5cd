#include "hypervisor/qemu/snapshot_manifest.h"

#include <gtest/gtest.h>

namespace bh::qemu {
namespace {

SnapshotManifest good() {
  SnapshotManifest manifest;
  manifest.key = std::string(64, 'a');
  manifest.tsc = machine::Kilohertz(2'445'000);
  manifest.made = 1'795'000'000;
  manifest.note = "debian-12, 400 MiB";
  manifest.memory = {mebibytes(400), std::string(64, '1')};
  manifest.state = {ByteCount(272795), std::string(64, '2')};
  manifest.overlay = ManifestFile{ByteCount(1 << 20), std::string(64, '3')};
  return manifest;
}

bool accepted(std::string text, std::string const& part, std::string const& other) {
  auto const at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return parse_snapshot_manifest(text.replace(at, part.size(), other)).ok();
}

TEST(SnapshotManifest, ReadsBack) {
  auto const read = parse_snapshot_manifest(format_manifest(good()));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, good());
  SnapshotManifest bare = good();
  bare.overlay.reset();
  bare.tsc.reset();
  EXPECT_EQ(*parse_snapshot_manifest(format_manifest(bare)), bare);
}

TEST(SnapshotManifest, AnythingElseIsRefused) {
  std::string const text = format_manifest(good());
  EXPECT_TRUE(accepted(text, "debian", "devuan"));
  EXPECT_FALSE(accepted(text, "\"format\": 1", "\"format\": 2"));
  EXPECT_FALSE(accepted(text, "\"format\": 1", "\"format\": \"1\""));
  EXPECT_TRUE(accepted(text, "\"format\": 1", "\"format\": 1, \"x\": [[[]]]"));
  EXPECT_FALSE(accepted(text, "\"format\": 1", "\"format\": 1, \"x\": [[[[]]]]"));
  EXPECT_FALSE(accepted(text, std::string(64, 'a'), std::string(63, 'a')));
  EXPECT_FALSE(accepted(text, std::string(64, '1'), std::string(64, 'G')));
  EXPECT_FALSE(accepted(text, "272795", "-1"));
  EXPECT_FALSE(accepted(text, "272795", "4398046511105"));
  EXPECT_TRUE(accepted(text, "272795", "4398046511104"));
  EXPECT_FALSE(accepted(text, "2445000", "4294967296"));
  EXPECT_FALSE(accepted(text, "\"overlay\"", "\"overlay\": 7, \"o\""));
  EXPECT_FALSE(accepted(text, "\"state\"", "\"stats\""));
  EXPECT_FALSE(accepted(text, "1795000000", "1795000000.5"));
  EXPECT_FALSE(parse_snapshot_manifest(std::string(kMaxManifest + 1, ' ')).ok());
  std::string deep = "{";
  for (int i = 0; i < 5000; ++i) deep += "\"a\":{";
  EXPECT_FALSE(parse_snapshot_manifest(deep).ok());
}

TEST(SnapshotManifest, NoteIsFitToBeShown) {
  SnapshotManifest manifest = good();
  manifest.note = "a\x1b[31m\nb" + std::string(1000, 'x');
  auto const read = parse_snapshot_manifest(format_manifest(manifest));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->note.find('\x1b'), std::string::npos);
  EXPECT_EQ(read->note.find('\n'), std::string::npos);
  EXPECT_LE(read->note.size(), 200U);
}

}  // namespace
}  // namespace bh::qemu
